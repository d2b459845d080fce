require_relative "recorder"
infinity = Float::INFINITY
numbers = [0.1, -2e-5, 1e-300, 1e21, Float::MAX, Float::NAN, infinity, -infinity]
record(trace: 1, weights: numbers)
Process.kill(:KILL, Process.pid)
