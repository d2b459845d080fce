# A small GPT that trains for four steps and writes a trace. With the argument `wrong`, its MLP has
# no activation.
#
# Each function of the model gives its result and its pullback, which takes the gradient by the
# result to the gradients by the arguments. A matrix is a list of rows.

Code.require_file("recorder.ex", __DIR__)

defmodule Vectors do
  def dot(xs, ys), do: Enum.zip_with(xs, ys, &(&1 * &2)) |> Enum.sum()
  def add(xs, ys), do: Enum.zip_with(xs, ys, &(&1 + &2))
  def scale(xs, factor), do: Enum.map(xs, &(&1 * factor))
  def plus(a, b), do: Enum.zip_with(a, b, &add/2)
  def transpose(a), do: Enum.zip_with(a, & &1)

  def times(a, b) do
    columns = transpose(b)
    for row <- a, do: Enum.map(columns, &dot(row, &1))
  end

  @doc "Numbers as matrices of these shapes, row by row."
  def matrices(numbers, shapes) do
    {matrices, []} =
      Enum.map_reduce(shapes, numbers, fn {rows, columns}, rest ->
        {mine, others} = Enum.split(rest, rows * columns)
        {Enum.chunk_every(mine, columns), others}
      end)

    matrices
  end
end

defmodule Model do
  import Vectors

  @n_head 2
  @head_dim 4

  def linear(x, w) do
    {times(x, transpose(w)), fn dy -> {times(transpose(dy), x), times(dy, w)} end}
  end

  def rmsnorm(x) do
    {ys, pullbacks} = x |> Enum.map(&normed_row/1) |> Enum.unzip()
    {ys, fn dys -> Enum.zip_with(pullbacks, dys, fn back, dy -> back.(dy) end) end}
  end

  defp normed_row(row) do
    mean = fn xs, ys -> dot(xs, ys) / length(xs) end
    inverse = 1 / :math.sqrt(mean.(row, row) + 1.0e-5)
    y = scale(row, inverse)
    {y, fn dy -> dy |> add(scale(y, -mean.(dy, y))) |> scale(inverse) end}
  end

  def softmax(xs) do
    highest = Enum.max(xs)
    exps = Enum.map(xs, &:math.exp(&1 - highest))
    scale(exps, 1 / Enum.sum(exps))
  end

  def activated(x, true), do: {x, & &1}

  def activated(x, false) do
    slope = fn xi, d -> if xi > 0, do: d, else: 0.0 end

    {for(row <- x, do: Enum.map(row, &max(&1, 0.0))),
     fn dy -> Enum.zip_with(x, dy, fn row, drow -> Enum.zip_with(row, drow, slope) end) end}
  end

  @doc "One head of causal attention; back to the gradients by queries, keys and values."
  def attention({q, k, v}) do
    factor = 1 / :math.sqrt(@head_dim)

    weights =
      for {qi, i} <- Enum.with_index(q, 1) do
        seen = k |> Enum.take(i) |> Enum.map(&(factor * dot(qi, &1))) |> softmax()
        seen ++ List.duplicate(0.0, length(k) - i)
      end

    back = fn dy ->
      dscores =
        Enum.zip_with(weights, times(dy, transpose(v)), fn w, d ->
          inner = dot(w, d)
          Enum.zip_with(w, d, &(factor * &1 * (&2 - inner)))
        end)

      {times(dscores, k), times(transpose(dscores), q), times(transpose(weights), dy)}
    end

    {times(weights, v), back}
  end

  defp heads(x), do: x |> Enum.map(&Enum.chunk_every(&1, @head_dim)) |> transpose()
  defp joined(heads), do: heads |> transpose() |> Enum.map(&Enum.concat/1)

  @doc "The mean loss of a document, and its gradients by the weights."
  def loss_and_grads([wte, wpe, lm_head, wq, wk, wv, wo, fc1, fc2], tokens, wrong?) do
    n = min(length(wpe), length(tokens) - 1)
    inputs = Enum.take(tokens, n)
    targets = tokens |> tl() |> Enum.take(n)

    {x0, back_x0} = inputs |> Enum.map(&Enum.at(wte, &1)) |> plus(Enum.take(wpe, n)) |> rmsnorm()
    {x1, back_x1} = rmsnorm(x0)
    {q, back_q} = linear(x1, wq)
    {k, back_k} = linear(x1, wk)
    {v, back_v} = linear(x1, wv)
    per_head = Enum.zip([heads(q), heads(k), heads(v)])
    {outs, back_outs} = per_head |> Enum.map(&attention/1) |> Enum.unzip()
    {attended, back_wo} = linear(joined(outs), wo)
    x2 = plus(x0, attended)
    {x3, back_x3} = rmsnorm(x2)
    {hidden, back_fc1} = linear(x3, fc1)
    {active, back_active} = activated(hidden, wrong?)
    {mlp, back_fc2} = linear(active, fc2)
    {logits, back_logits} = linear(plus(x2, mlp), lm_head)
    probabilities = Enum.map(logits, &softmax/1)
    losses = Enum.zip_with(probabilities, targets, &(-:math.log(Enum.at(&1, &2))))

    dlogits =
      Enum.zip_with(probabilities, targets, fn row, target ->
        row |> List.update_at(target, &(&1 - 1)) |> scale(1 / n)
      end)

    {dlm_head, dx4} = back_logits.(dlogits)
    {dfc2, dactive} = back_fc2.(dx4)
    {dfc1, dx3} = dactive |> back_active.() |> back_fc1.()
    dx2 = plus(dx4, back_x3.(dx3))
    {dwo, douts} = back_wo.(dx2)
    dheads = Enum.zip_with(back_outs, heads(douts), fn back, dout -> back.(dout) end)
    [dq, dk, dv] = for i <- 0..@n_head, do: joined(Enum.map(dheads, &elem(&1, i)))
    {dwq, dx1_q} = back_q.(dq)
    {dwk, dx1_k} = back_k.(dk)
    {dwv, dx1_v} = back_v.(dv)
    dx1 = dx1_q |> plus(dx1_k) |> plus(dx1_v)
    dx0 = dx2 |> plus(back_x1.(dx1)) |> back_x0.()

    zeros = List.duplicate(0.0, length(hd(wte)))
    rows = Enum.zip(inputs, dx0)

    dwte =
      for token <- 0..(length(wte) - 1) do
        for({^token, row} <- rows, do: row) |> Enum.reduce(zeros, &add/2)
      end

    dwpe = dx0 ++ List.duplicate(zeros, length(wpe) - n)
    {Enum.sum(losses) / n, [dwte, dwpe, dlm_head, dwq, dwk, dwv, dwo, dfc1, dfc2]}
  end
end

wrong? = System.argv() == ["wrong"]
documents = ["lena", "piotr", "alexandria", "sam"]
characters = documents |> Enum.join() |> String.graphemes() |> Enum.uniq() |> Enum.sort()
bos = length(characters)
num_steps = length(documents)
shapes = [{bos + 1, 8}, {8, 8}, {bos + 1, 8}, {8, 8}, {8, 8}, {8, 8}, {8, 8}, {32, 8}, {8, 32}]
size = shapes |> Enum.map(fn {rows, columns} -> rows * columns end) |> Enum.sum()

:rand.seed(:exsss, 42)
weights = for _ <- 1..size, do: 0.08 * :rand.normal()
zeros = List.duplicate(0.0, size)

trace = Recorder.open()
sizes = [n_layer: 1, n_embd: 8, n_head: 2, block_size: 8, vocab: Enum.join(characters)]
Recorder.record(trace, [trace: 1, num_steps: num_steps, weights: weights] ++ sizes)

documents
|> Enum.with_index()
|> Enum.reduce({weights, zeros, zeros}, fn {document, step}, {weights, m, v} ->
  letters = String.graphemes(document)
  tokens = [bos] ++ Enum.map(letters, &Enum.find_index(characters, fn c -> c == &1 end)) ++ [bos]
  {loss, matrices} = Model.loss_and_grads(Vectors.matrices(weights, shapes), tokens, wrong?)
  grads = matrices |> Enum.concat() |> Enum.concat()
  rate = 0.01 * (1 - step / num_steps)
  m = Enum.zip_with(m, grads, &(0.85 * &1 + 0.15 * &2))
  v = Enum.zip_with(v, grads, &(0.99 * &1 + 0.01 * &2 * &2))

  new_weights =
    Enum.zip_with([weights, m, v], fn [w, mi, vi] ->
      m_hat = mi / (1 - :math.pow(0.85, step + 1))
      v_hat = vi / (1 - :math.pow(0.99, step + 1))
      w - rate * m_hat / (:math.sqrt(v_hat) + 1.0e-8)
    end)

  if Recorder.recorded?(step) do
    Recorder.record(trace, step: step, document: document, tokens: tokens)
    Recorder.record(trace, step: step, loss: loss, grads: grads)
    Recorder.record(trace, step: step, m: m, v: v, weights: new_weights)
  end

  {new_weights, m, v}
end)
