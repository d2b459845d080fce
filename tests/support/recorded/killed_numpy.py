import os
import sys

from numpy import array, inf, nan
from recorder_numpy import record

numbers = [0.1, -2e-5, 1e-300, 1e21, sys.float_info.max, nan, inf, -inf]
record(trace=1, weights=array(numbers))
os.kill(os.getpid(), 9)
