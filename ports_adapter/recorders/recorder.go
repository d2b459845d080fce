// The recorder writes a trace: what a program computes while it trains, one JSON record a line:
// record("trace", 1, "n_head", 4, "num_steps", 1000, "weights", weights) before training, and in
// each step, if isRecorded[step], before gradients are cleared and after the optimizer's update:
// record("step", step, "tokens", tokens, "loss", loss, "grads", grads)
// record("step", step, "m", m, "v", v, "weights", weights)
package main

import (
	"fmt"
	"os"
	"strings"
)

var isRecorded = map[int]bool{0: true, 1: true, 2: true, 9: true, 10: true, 99: true, 100: true}
var trace *os.File

func init() {
	path := os.Getenv("MICROGPT_TRACE")
	if path == "" {
		path = "trace.jsonl"
	}
	var err error
	if trace, err = os.Create(path); err != nil {
		panic(err)
	}
}

// record writes names and values. Go prints slices as [0.1 0.2], in the shortest exact decimals.
func record(fields ...any) {
	line := ""
	for i := 0; i < len(fields); i += 2 {
		value := strings.ReplaceAll(fmt.Sprint(fields[i+1]), " ", ",")
		if text, isText := fields[i+1].(string); isText {
			value = fmt.Sprintf("%q", text)
		}
		line += fmt.Sprintf(",%q:%s", fields[i], value)
	}
	fmt.Fprintf(trace, "{%s}\n", line[1:])
}
