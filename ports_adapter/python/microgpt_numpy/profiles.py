"""The published programs, each as what it has otherwise than another.

`train0` to `train5` are stages on the way to `microgpt`, the two revisions are older than it.
What is not composed here is the same in all of them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from .activations import Activation
from .adam import Adam
from .counts import Counts
from .model import Network, Sizes
from .optimizer import Decay, Optimizer, cosine, linear
from .sgd import Sgd
from .token_mlp import TokenMlp
from .transformer import Transformer


@dataclass(frozen=True)
class Profile:
    """What a program is composed of; the defaults are those of `microgpt`.

    - `model` makes it from its sizes and its activation;
    - `optimizer` is none where nothing but counting is done;
    - `decay` is how the learning rate falls;
    - `activation` is one of `activations.ACTIVATIONS`;
    - `branch_std` is the standard deviation of the weights that end a residual branch, where it
      is not that of all others;
    - `separate_marks`: whether a document's beginning and end are two special tokens.
    """

    model: Callable[[Sizes, Activation], Network | Counts] = Transformer
    optimizer: type[Optimizer] | None = Adam
    decay: Decay = linear
    activation: str = "relu"
    branch_std: float | None = None
    separate_marks: bool = False

    def std(self, name: str, init_std: float) -> float:
        """The standard deviation that a weight is drawn with, where most have `init_std`."""
        ends_branch = name.endswith(("attn_wo", "mlp_fc2"))
        return init_std if self.branch_std is None or not ends_branch else self.branch_std


MICROGPT = Profile()
TRAIN5 = MICROGPT
TRAIN4 = replace(TRAIN5, optimizer=Sgd)
TRAIN3 = replace(TRAIN4, model=partial(Transformer, layer_names=False))
TRAIN2 = replace(TRAIN3, model=TokenMlp)
TRAIN1 = TRAIN2
TRAIN0 = replace(TRAIN2, model=Counts, optimizer=None)
EARLY_REVISION = replace(MICROGPT, activation="squared_relu", decay=cosine, branch_std=0.0)
FIRST_REVISION = replace(EARLY_REVISION, model=partial(Transformer, tied=True), separate_marks=True)

PROFILES = {
    "train0": TRAIN0,
    "train1": TRAIN1,
    "train2": TRAIN2,
    "train3": TRAIN3,
    "train4": TRAIN4,
    "train5": TRAIN5,
    "first-revision": FIRST_REVISION,
    "early-revision": EARLY_REVISION,
    "microgpt": MICROGPT,
}
"""By the protocol's names."""
