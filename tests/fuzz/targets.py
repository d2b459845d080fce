"""The targets: whatever reads what comes from outside."""

from .answers import ANSWER
from .baselines import BASELINE
from .decoder import DECODER
from .goldens import GOLDEN
from .judge import JUDGE
from .manifests import MANIFEST
from .reports import JOURNAL, MERGE
from .stream import STREAM
from .target import Target
from .traces import TRACE
from .transcripts import REPLAY, TRANSCRIPT

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        DECODER,
        JUDGE,
        STREAM,
        MANIFEST,
        BASELINE,
        GOLDEN,
        TRANSCRIPT,
        REPLAY,
        MERGE,
        JOURNAL,
        TRACE,
        ANSWER,
    )
}
