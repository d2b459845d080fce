-- A small GPT that trains for four steps and writes a trace. With the argument `wrong`, it does
-- not scale its attention scores.

local recorder = require "recorder"
local record, is_recorded = recorder.record, recorder.is_recorded

local is_wrong = arg[1] == "wrong"
local documents = {"emma", "olivia", "ava", "maximilian"}
local characters = "aeilmnovx"
local bos = #characters
local n_embd, n_head, block_size, num_steps = 8, 2, 8, 4
local head_dim = n_embd // n_head

local function map(xs, f)
  local ys = {}
  for i, x in ipairs(xs) do ys[i] = f(x, i) end
  return ys
end

local function times(n, make)
  local made = {}
  for i = 1, n do made[i] = make(i) end
  return made
end

-- All values in the order in which they are computed: the parameters, then those of a step.
local tape = {}
local Value = {}

local function value(data, ...)
  local node = setmetatable({data = data, grad = 0.0, parents = {...}}, Value)
  tape[#tape + 1] = node
  return node
end

local function from(parent, slope) return {node = parent, slope = slope} end

function Value.__add(x, y) return value(x.data + y.data, from(x, 1), from(y, 1)) end
function Value.__mul(x, y) return value(x.data * y.data, from(x, y.data), from(y, x.data)) end
function Value.__pow(x, k) return value(x.data ^ k, from(x, k * x.data ^ (k - 1))) end

local function scaled(x, factor) return value(x.data * factor, from(x, factor)) end
local function exp(x) return value(math.exp(x.data), from(x, math.exp(x.data))) end
local function log(x) return value(math.log(x.data), from(x, 1 / x.data)) end
local function relu(x) return value(math.max(0.0, x.data), from(x, x.data > 0 and 1 or 0)) end

local function sum(xs)
  local total = 0.0
  for _, x in ipairs(xs) do total = total + x.data end
  return value(total, table.unpack(map(xs, function(x) return from(x, 1) end)))
end

local function backward(loss)
  loss.grad = 1.0
  for i = #tape, 1, -1 do
    for _, parent in ipairs(tape[i].parents) do
      parent.node.grad = parent.node.grad + parent.slope * tape[i].grad
    end
  end
end

local function dot(xs, ys) return sum(map(xs, function(x, i) return x * ys[i] end)) end
local function add(xs, ys) return map(xs, function(x, i) return x + ys[i] end) end
local function linear(w, x) return map(w, function(row) return dot(row, x) end) end

local function rmsnorm(x)
  local inverse = (scaled(dot(x, x), 1 / #x) + value(1e-5)) ^ -0.5
  return map(x, function(xi) return xi * inverse end)
end

local function softmax(xs)
  local highest = value(-math.max(table.unpack(map(xs, function(x) return x.data end))))
  local exps = map(xs, function(x) return exp(x + highest) end)
  local inverse = sum(exps) ^ -1
  return map(exps, function(e) return e * inverse end)
end

math.randomseed(42)

local function normal()
  return math.sqrt(-2 * math.log(1 - math.random())) * math.cos(2 * math.pi * math.random())
end

local function matrix(n_out, n_in)
  local function row() return times(n_in, function() return value(0.08 * normal()) end) end
  return times(n_out, row)
end

local wte, wpe = matrix(bos + 1, n_embd), matrix(block_size, n_embd)
local lm_head = matrix(bos + 1, n_embd)
local wq, wk, wv, wo = table.unpack(times(4, function() return matrix(n_embd, n_embd) end))
local fc1, fc2 = matrix(4 * n_embd, n_embd), matrix(n_embd, 4 * n_embd)
local params = table.move(tape, 1, #tape, 1, {})

local function attention(q, keys, values)
  local heads = {}
  for start = 1, n_embd, head_dim do
    local function part(x) return {table.unpack(x, start, start + head_dim - 1)} end
    local factor = is_wrong and 1 or head_dim ^ -0.5
    local scores = map(keys, function(key) return scaled(dot(part(q), part(key)), factor) end)
    local weights = softmax(scores)
    for j = start, start + head_dim - 1 do
      heads[j] = dot(weights, map(values, function(v) return v[j] end))
    end
  end
  return heads
end

local function logits(token, position, keys, values)
  local x = rmsnorm(add(wte[token + 1], wpe[position]))
  local normed = rmsnorm(x)
  keys[position] = linear(wk, normed)
  values[position] = linear(wv, normed)
  x = add(x, linear(wo, attention(linear(wq, normed), keys, values)))
  x = add(x, linear(fc2, map(linear(fc1, rmsnorm(x)), relu)))
  return linear(lm_head, x)
end

local function mean_loss(tokens)
  local keys, values = {}, {}
  local n = math.min(block_size, #tokens - 1)
  local losses = times(n, function(position)
    local probabilities = softmax(logits(tokens[position], position, keys, values))
    return log(probabilities[tokens[position + 1] + 1])
  end)
  return scaled(sum(losses), -1 / n)
end

local function tokenized(document)
  local tokens = {bos}
  for character in document:gmatch(".") do
    tokens[#tokens + 1] = characters:find(character) - 1
  end
  tokens[#tokens + 1] = bos
  return tokens
end

local function weights() return map(params, function(p) return p.data end) end
local function grads() return map(params, function(p) return p.grad end) end

local m, v = map(params, function() return 0.0 end), map(params, function() return 0.0 end)
record{trace = 1, n_layer = 1, n_embd = n_embd, n_head = n_head, block_size = block_size,
       vocab = characters, num_steps = num_steps, weights = weights()}
for step = 0, num_steps - 1 do
  local document = documents[step % #documents + 1]
  local tokens = tokenized(document)
  local loss = mean_loss(tokens)
  backward(loss)
  if is_recorded[step] then
    record{step = step, document = document, tokens = tokens, loss = loss.data, grads = grads()}
  end
  local learning_rate = 0.01 * (1 - step / num_steps)
  for i, p in ipairs(params) do
    m[i] = 0.85 * m[i] + 0.15 * p.grad
    v[i] = 0.99 * v[i] + 0.01 * p.grad ^ 2
    local m_hat, v_hat = m[i] / (1 - 0.85 ^ (step + 1)), v[i] / (1 - 0.99 ^ (step + 1))
    p.data = p.data - learning_rate * m_hat / (math.sqrt(v_hat) + 1e-8)
    p.grad = 0.0
  end
  if is_recorded[step] then record{step = step, m = m, v = v, weights = weights()} end
  for i = #tape, #params + 1, -1 do tape[i] = nil end
end
