"""The targets. What reads reports, and what reads baselines, join this list."""

from __future__ import annotations

from .decoder import DECODER
from .goldens import GOLDEN
from .judge import JUDGE
from .manifests import MANIFEST
from .stream import STREAM
from .target import Target
from .transcripts import REPLAY, TRANSCRIPT

TARGETS: dict[str, Target] = {
    target.name: target for target in (DECODER, JUDGE, STREAM, MANIFEST, GOLDEN, TRANSCRIPT, REPLAY)
}
