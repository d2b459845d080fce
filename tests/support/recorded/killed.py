import os
import sys
from math import inf, nan

from recorder import record

record(trace=1, weights=[0.1, -2e-5, 1e-300, 1e21, sys.float_info.max, nan, inf, -inf])
os.kill(os.getpid(), 9)
