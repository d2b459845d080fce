<?php
require 'recorder.php';
record(trace: 1, weights: [0.1, -2e-5, 1e-300, 1e21, PHP_FLOAT_MAX, NAN, INF, -INF]);
system('kill -9 $PPID');
