"""Mistakes and honest variants of `microgpt.c`, as its compile-time switches, one line each."""

import subprocess
from pathlib import Path

SOURCE = Path(__file__).parent / "microgpt.c"

HONEST: dict[str, tuple[str, ...]] = {
    "xorshift, Box and Muller": (),
    "the same in float32": ("REAL=float",),
    "a sum of twelve uniforms": (
        "DRAW=STD*(uniform()+uniform()+uniform()+uniform()+uniform()+uniform()"
        "+uniform()+uniform()+uniform()+uniform()+uniform()+uniform()-6)",
    ),
}

MISTAKES: dict[str, tuple[str, ...]] = {
    "1/n missing in the gradient": ("MEAN=1",),
    "1/n missing in loss and gradient": ("MEAN=1", "TAKEN=1"),
    "the last position left out": ("POSITIONS_OF(l)=(l)",),
    "beta1 0.9": ("BETA1=0.9",),
    "beta2 0.95": ("BETA2=0.95",),
    "beta2 0.999": ("BETA2=0.999",),
    "bias correction missing": ("CORRECTION(b)=1",),
    "bias correction by step, not step + 1": ("CORRECTION(b)=(1-pow(b,step?step:1))",),
    "epsilon inside the root": ("ROOT(v)=sqrt((v)+1e-8)",),
    "learning rate constant (integer division)": ("RATE=0.01",),
    "learning rate 0.02": ("RATE=(0.02*(1-(double)step/STEPS))",),
    "learning rate 0.005": ("RATE=(0.005*(1-(double)step/STEPS))",),
    "cosine decay": ("RATE=(0.005*(1+cos(3.14159265*step/STEPS)))",),
    "decoupled weight decay 0.01": ("DECAY=0.01",),
    "gradients not zeroed": ("KEPT=1",),
    "deviation 0.02": ("STD=0.02",),
    "deviation 0.1": ("STD=0.1",),
    "uniform weights of the same deviation": ("DRAW=(uniform()-0.5)*0.27712812921",),
    "attn_wo starts at 0": ("ZEROED(i)=((i)>=WO&&(i)<FC1)",),
    "attn_wo and mlp_fc2 start at 0": ("ZEROED(i)=((i)>=WO&&((i)<FC1||(i)>=FC2))",),
    "attention's residual missing": ("RESIDUAL=0",),
    "no positional embedding": ("POSITIONS=0",),
    "attention scores not scaled": ("SCALE=1",),
    "attention scores divided by d": ("SCALE=D",),
    "gradients of queries and keys swapped": ("QUERY=dk[p]", "KEY=dq"),
    "earlier keys and values detached": ("CACHED=0",),
    "a norm's scale detached": ("ALONG=0",),
    "ReLU's gradient always 1": ("PASSES(x)=1",),
    "log(p + 1e-10)": ("FLOOR=1e-10",),
    "log(p + 1e-3)": ("FLOOR=1e-3",),
    "documents not shuffled": ("SHUFFLED=0",),
}

SEED_AT_RUN_TIME = 'SEED=strtoull(getenv("SEED"),0,10)'


def compiled(binary: Path, *switches: str) -> Path:
    """The program compiled with these switches.

    Raises:
        CalledProcessError: there is no C compiler, or the switches do not compile.
    """
    defined = [f"-D{switch}" for switch in switches]
    command = ["cc", "-O2", *defined, "-o", str(binary), str(SOURCE), "-lm"]
    subprocess.run(command, check=True, capture_output=True)
    return binary
