## Writes a trace: what a program computes while it trains, one JSON record a line.
##
##   record("trace", 1, "n_head", 4, "num_steps", 1000, "weights", weights)
##   if isRecorded(step): record("step", step, "tokens", tokens, "loss", loss, "grads", grads)
##   if isRecorded(step): record("step", step, "m", m, "v", v, "weights", weights)
##
## The first record comes before training, the second before gradients are cleared, the third after
## the update. Weights, gradients and moments are flat sequences, such as params.mapIt(it.data).

import std/[json, os, sequtils, strutils]

let path = getEnv("MICROGPT_TRACE")
let trace = open(if path == "": "trace.jsonl" else: path, fmWrite)

func isRecorded*(step: int): bool =
  ## Which steps to record: some at the start, and some later on.
  step in [0, 1, 2, 9, 10, 99, 100]

func asJson*(number: SomeInteger): string = $number
func asJson*(number: SomeFloat): string = formatFloat(number.float, ffScientific, 16)
func asJson*(text: string): string = escapeJson(text)
func asJson*[T](list: openArray[T]): string = "[" & list.mapIt(asJson(it)).join(",") & "]"

proc record*(fields: varargs[string, asJson]) =
  ## Writes names and values; the numbers read back as the same numbers.
  var members: seq[string]
  for i in countup(0, fields.high, 2):
    members.add(fields[i] & ":" & fields[i + 1])
  trace.writeLine("{" & members.join(",") & "}")
  trace.flushFile()
