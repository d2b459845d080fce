# Writes a trace: what a program computes while it trains, one JSON record a line.
#
#   record(trace: 1, n_head: 4, num_steps: 1000, weights: weights)   # before training
#   recorded = RECORDED_STEPS.include?(step)                         # in each step
#   record(step:, tokens:, loss:, grads:) if recorded                # before gradients are cleared
#   record(step:, m:, v:, weights:) if recorded                      # after the update
#
# Weights, gradients and moments are flat arrays, such as params.map(&:data), or hashes of
# matrices by name.

require "json"

RECORDED_STEPS = [0, 1, 2, 9, 10, 99, 100].freeze

path = ENV["MICROGPT_TRACE"].to_s
TRACE = File.open(path.empty? ? "trace.jsonl" : path, "w")
TRACE.sync = true

# Writes a record; its numbers read back as the same numbers.
def record(**fields)
  TRACE.puts(JSON.generate(fields, allow_nan: true))
end
