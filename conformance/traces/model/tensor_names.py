"""Recognizes the matrices of the model by the names that programs give them."""

import re

LAYER = re.compile(r"(?:^|[^a-z])(?:transformer\.?h|layers?|blocks?|h|l)[._\[ ]*(\d+)[\]._ ]*")
IGNORED = re.compile(
    r"(?:^|(?<=[._]))(?:transformer|model|module|weights?|params?|state_dict|w)(?=[._]|$)"
)

ALIASES = {
    "wte": "wte tokemb tokenemb tokenembedding tokenembeddings embedtokens embedding tok emb te",
    "wpe": "wpe posemb positionemb positionembedding positionalembedding embedpositions pos pe",
    "lm_head": "lmhead head output unembed unembedding lm",
    "attn_wq": "attnwq wq q qproj attnq attnqproj query attnquery attentionwq selfattnqproj",
    "attn_wk": "attnwk wk k kproj attnk attnkproj key attnkey attentionwk selfattnkproj",
    "attn_wv": "attnwv wv v vproj attnv attnvproj value attnvalue attentionwv selfattnvproj",
    "attn_wo": "attnwo wo o oproj attno attnoproj attncproj outproj attnoutproj attentionwo "
    "selfattnoproj attnproj",
    "mlp_fc1": "mlpfc1 fc1 cfc mlpcfc w1 mlpw1 up upproj mlpup mlpupproj ffn1 ff1 fcin",
    "mlp_fc2": "mlpfc2 fc2 mlpcproj w2 mlpw2 down downproj mlpdown mlpdownproj ffn2 ff2 fcout",
    "attn_qkv": "attnwqkv wqkv qkv cattn attncattn attnqkv attnqkvproj qkvproj inproj attninproj",
}
KIND_OF = {alias: kind for kind, aliases in ALIASES.items() for alias in aliases.split()}
FUSED = {"attn_qkv": ("attn_wq", "attn_wk", "attn_wv")}


def recognized(name: str, n_layer: int) -> tuple[str, ...]:
    """The matrices that a program's name stands for; none if the name is not recognized.

    A name without a layer stands for the matrices of all layers, on top of each other.
    """
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    found = LAYER.search(plain)
    if found:
        plain = plain[: found.start()] + "." + plain[found.end() :]
    kind = KIND_OF.get(re.sub(r"[^a-z0-9]", "", IGNORED.sub("", plain)))
    if kind is None:
        return ()
    kinds = FUSED.get(kind, (kind,))
    if kinds[0] in ("wte", "wpe", "lm_head"):
        return () if found else kinds
    layers = [int(found[1])] if found else list(range(n_layer))
    return tuple(f"layer{layer}.{each}" for layer in layers for each in kinds)


def layers_in(names: list[str]) -> int | None:
    """How many layers the names of matrices tell of; None if they tell of none."""
    found = [LAYER.search(name.lower()) for name in names]
    return max((int(match[1]) + 1 for match in found if match), default=None)
