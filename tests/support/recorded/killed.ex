Code.require_file("recorder.ex", __DIR__)
largest = 1.7976931348623157e308
# Elixir has no numbers that are not finite.
numbers = [0.1, -2.0e-5, 1.0e-300, 1.0e21, largest, "NaN", "Infinity", "-Infinity"]
Recorder.record(Recorder.open(), trace: 1, weights: numbers)
System.cmd("kill", ["-9", System.pid()])
