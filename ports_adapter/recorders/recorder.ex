# Writes a trace: what a program computes while it trains, one JSON record a line.
#
#   Code.require_file("recorder.ex", __DIR__)
#   trace = Recorder.open()                                              # before training
#   Recorder.record(trace, trace: 1, n_head: 4, num_steps: 1000, weights: weights)
#   if Recorder.recorded?(step) do                                       # after the update
#     Recorder.record(trace, step: step, tokens: tokens, loss: loss, grads: grads)
#     Recorder.record(trace, step: step, m: m, v: v, weights: new_weights)
#
# Weights, gradients and moments are flat lists, such as those of Nx.to_flat_list, or maps of
# matrices by name.

defmodule Recorder do
  @doc "Opens the file that the trace is written to."
  def open do
    path = System.get_env("MICROGPT_TRACE", "")
    File.open!(if(path == "", do: "trace.jsonl", else: path), [:write])
  end

  @doc "Whether to record a step: some at the start, and some later on."
  def recorded?(step), do: step in [0, 1, 2, 9, 10, 99, 100]

  @doc "Writes a record; its numbers read back as the same numbers."
  def record(trace, fields), do: IO.binwrite(trace, [object(fields), "\n"])

  defp object(fields) do
    members = for {name, value} <- fields, do: [json(to_string(name)), ":", json(value)]
    ["{", Enum.intersperse(members, ","), "}"]
  end

  defp json(map) when is_map(map), do: object(map)
  defp json(list) when is_list(list), do: ["[", Enum.map_intersperse(list, ",", &json/1), "]"]
  defp json(number) when is_number(number), do: to_string(number)
  defp json(text), do: ["\"", String.replace(text, ["\\", "\""], &("\\" <> &1)), "\""]
end
