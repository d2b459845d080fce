import std/[os, strformat]
import recorder
record("trace", 1, "weights", [0.1, -2e-5, 1e-300, 1e21, 1.7976931348623157e308, NaN, Inf, -Inf])
discard execShellCmd(&"kill -9 {getCurrentProcessId()}")
