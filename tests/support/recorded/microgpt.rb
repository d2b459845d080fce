# A small GPT that trains for four steps and writes a trace. With the argument `wrong`, it does
# not scale its attention scores.

require_relative "recorder"

IS_WRONG = ARGV == ["wrong"]
DOCUMENTS = %w[emma olivia ava maximilian].freeze
CHARACTERS = DOCUMENTS.join.chars.uniq.sort.freeze
BOS = CHARACTERS.size
N_EMBD, N_HEAD, BLOCK_SIZE, NUM_STEPS = 8, 2, 8, 4
HEAD_DIM = N_EMBD / N_HEAD

# A number that remembers what it was computed from, with the slope of each.
class Value
  # All values in the order in which they are computed: the parameters, then those of a step.
  TAPE = []

  attr_accessor :data, :grad
  attr_reader :parents

  def initialize(data, parents = [])
    @data, @grad, @parents = data, 0.0, parents
    TAPE << self
  end

  def +(other) = Value.new(data + other.data, [[self, 1], [other, 1]])
  def *(other) = Value.new(data * other.data, [[self, other.data], [other, data]])
  def **(k) = Value.new(data**k, [[self, k * data**(k - 1)]])
  def scaled(factor) = Value.new(data * factor, [[self, factor]])
  def exp = Value.new(Math.exp(data), [[self, Math.exp(data)]])
  def log = Value.new(Math.log(data), [[self, 1 / data]])
  def relu = Value.new([data, 0.0].max, [[self, data.positive? ? 1 : 0]])

  def self.sum(xs) = new(xs.sum(0.0, &:data), xs.map { |x| [x, 1] })

  def backward
    @grad = 1.0
    TAPE.reverse_each do |node|
      node.parents.each { |parent, slope| parent.grad += slope * node.grad }
    end
  end
end

def dot(xs, ys) = Value.sum(xs.zip(ys).map { |x, y| x * y })
def linear(w, x) = w.map { |row| dot(row, x) }
def add(xs, ys) = xs.zip(ys).map { |x, y| x + y }

def rmsnorm(x)
  inverse = (dot(x, x).scaled(1.0 / x.size) + Value.new(1e-5))**-0.5
  x.map { |xi| xi * inverse }
end

def softmax(xs)
  highest = Value.new(-xs.map(&:data).max)
  exps = xs.map { |x| (x + highest).exp }
  inverse = Value.sum(exps)**-1
  exps.map { |e| e * inverse }
end

RANDOM = Random.new(42)

def normal
  Math.sqrt(-2 * Math.log(1 - RANDOM.rand)) * Math.cos(2 * Math::PI * RANDOM.rand)
end

def matrix(n_out, n_in) = Array.new(n_out) { Array.new(n_in) { Value.new(0.08 * normal) } }

WTE, WPE, LM_HEAD = [BOS + 1, BLOCK_SIZE, BOS + 1].map { |rows| matrix(rows, N_EMBD) }
WQ, WK, WV, WO = Array.new(4) { matrix(N_EMBD, N_EMBD) }
FC1, FC2 = matrix(4 * N_EMBD, N_EMBD), matrix(N_EMBD, 4 * N_EMBD)
PARAMS = Value::TAPE.dup.freeze

def attention(q, keys, values)
  heads = [q, *keys, *values].map { |x| x.each_slice(HEAD_DIM).to_a }.transpose
  heads.flat_map do |query, *parts|
    scores = parts.take(keys.size).map { |key| dot(query, key) }
    weights = softmax(IS_WRONG ? scores : scores.map { |s| s.scaled(HEAD_DIM**-0.5) })
    parts.drop(keys.size).transpose.map { |column| dot(weights, column) }
  end
end

def logits(token, position, keys, values)
  x = rmsnorm(add(WTE[token], WPE[position]))
  normed = rmsnorm(x)
  keys << linear(WK, normed)
  values << linear(WV, normed)
  x = add(x, linear(WO, attention(linear(WQ, normed), keys, values)))
  x = add(x, linear(FC2, linear(FC1, rmsnorm(x)).map(&:relu)))
  linear(LM_HEAD, x)
end

def mean_loss(tokens)
  keys, values = [], []
  losses = tokens.each_cons(2).first(BLOCK_SIZE).each_with_index.map do |(token, target), position|
    softmax(logits(token, position, keys, values))[target].log
  end
  Value.sum(losses).scaled(-1.0 / losses.size)
end

record(
  trace: 1, n_layer: 1, n_embd: N_EMBD, n_head: N_HEAD, block_size: BLOCK_SIZE, vocab: CHARACTERS,
  num_steps: NUM_STEPS, weights: PARAMS.map(&:data)
)
m, v = Array.new(2) { [0.0] * PARAMS.size }
NUM_STEPS.times do |step|
  document = DOCUMENTS[step % DOCUMENTS.size]
  tokens = [BOS, *document.chars.map { |c| CHARACTERS.index(c) }, BOS]
  loss = mean_loss(tokens)
  loss.backward
  recorded = RECORDED_STEPS.include?(step)
  record(step:, document:, tokens:, loss: loss.data, grads: PARAMS.map(&:grad)) if recorded
  learning_rate = 0.01 * (1 - step.fdiv(NUM_STEPS))
  PARAMS.each_with_index do |p, i|
    m[i] = 0.85 * m[i] + 0.15 * p.grad
    v[i] = 0.99 * v[i] + 0.01 * p.grad**2
    m_hat, v_hat = m[i] / (1 - 0.85**(step + 1)), v[i] / (1 - 0.99**(step + 1))
    p.data -= learning_rate * m_hat / (Math.sqrt(v_hat) + 1e-8)
    p.grad = 0.0
  end
  record(step:, m:, v:, weights: PARAMS.map(&:data)) if recorded
  Value::TAPE.pop(Value::TAPE.size - PARAMS.size)
end
