// A small microgpt whose training the Go recorder writes down. Every number is a value that knows
// the ones that it was computed from, and a list of all of them in order leads back.
// With the argument `wrong` the MLP has no residual connection.
package main

import (
	"fmt"
	"math"
	"math/rand"
	"os"
)

const (
	embed, heads, headSize = 8, 2, 4
	blockSize, vocabSize   = 8, 27
	bos                    = 26
)

var names = []string{"anna", "bo", "christopher", "dora"}

type value struct {
	data, grad float64
	a, b       *value
	byA, byB   float64
}

type vector = []*value
type matrix = []vector

var tape []*value // all values in the order in which they were computed

func node(data float64, a *value, byA float64, b *value, byB float64) *value {
	made := &value{data: data, a: a, byA: byA, b: b, byB: byB}
	tape = append(tape, made)
	return made
}

func constant(x float64) *value      { return node(x, nil, 0, nil, 0) }
func (x *value) add(y *value) *value { return node(x.data+y.data, x, 1, y, 1) }
func (x *value) mul(y *value) *value { return node(x.data*y.data, x, y.data, y, x.data) }
func (x *value) exp() *value         { return node(math.Exp(x.data), x, math.Exp(x.data), nil, 0) }
func (x *value) log() *value         { return node(math.Log(x.data), x, 1/x.data, nil, 0) }

func (x *value) pow(p float64) *value {
	return node(math.Pow(x.data, p), x, p*math.Pow(x.data, p-1), nil, 0)
}

func (x *value) relu() *value {
	if x.data > 0 {
		return node(x.data, x, 1, nil, 0)
	}
	return node(0, x, 0, nil, 0)
}

func backward() {
	tape[len(tape)-1].grad = 1
	for i := len(tape) - 1; i >= 0; i-- {
		if v := tape[i]; v.a != nil {
			v.a.grad += v.byA * v.grad
			if v.b != nil {
				v.b.grad += v.byB * v.grad
			}
		}
	}
}

func sum(xs vector) *value {
	total := xs[0]
	for _, x := range xs[1:] {
		total = total.add(x)
	}
	return total
}

func each(xs vector, f func(int, *value) *value) vector {
	out := make(vector, len(xs))
	for i, x := range xs {
		out[i] = f(i, x)
	}
	return out
}

func dot(xs, ys vector) *value {
	return sum(each(xs, func(i int, x *value) *value { return x.mul(ys[i]) }))
}

func add(xs, ys vector) vector {
	return each(xs, func(i int, x *value) *value { return x.add(ys[i]) })
}

func scaled(xs vector, factor *value) vector {
	return each(xs, func(_ int, x *value) *value { return x.mul(factor) })
}

func linear(w matrix, x vector) vector {
	out := make(vector, len(w))
	for i, row := range w {
		out[i] = dot(row, x)
	}
	return out
}

func softmax(xs vector) vector {
	max := math.Inf(-1)
	for _, x := range xs {
		max = math.Max(max, x.data)
	}
	exps := each(xs, func(_ int, x *value) *value { return x.add(constant(-max)).exp() })
	return scaled(exps, sum(exps).pow(-1))
}

func rmsnorm(x vector) vector {
	square := dot(x, x).mul(constant(1 / float64(len(x))))
	return scaled(x, square.add(constant(1e-5)).pow(-0.5))
}

func newMatrix(rows, columns int) matrix {
	w := make(matrix, rows)
	for i := range w {
		w[i] = make(vector, columns)
		for j := range w[i] {
			w[i][j] = constant(0.08 * rand.NormFloat64())
		}
	}
	return w
}

type model struct {
	wte, wpe, lmHead, wq, wk, wv, wo, fc1, fc2 matrix
	isWrong                                    bool
}

func (w *model) loss(tokens []int) *value {
	var keys, values matrix
	var losses vector
	for pos := 0; pos < blockSize && pos+1 < len(tokens); pos++ {
		x := rmsnorm(add(w.wte[tokens[pos]], w.wpe[pos]))
		normed := rmsnorm(x)
		query := linear(w.wq, normed)
		keys, values = append(keys, linear(w.wk, normed)), append(values, linear(w.wv, normed))
		var out vector
		for h := 0; h < embed; h += headSize {
			var scores vector
			for _, key := range keys {
				scores = append(scores, dot(query[h:h+headSize], key[h:h+headSize]))
			}
			weights := softmax(scaled(scores, constant(1/math.Sqrt(headSize))))
			for i := h; i < h+headSize; i++ {
				var column vector
				for _, value := range values {
					column = append(column, value[i])
				}
				out = append(out, dot(weights, column))
			}
		}
		x = add(x, linear(w.wo, out))
		hidden := linear(w.fc1, rmsnorm(x))
		y := linear(w.fc2, each(hidden, func(_ int, h *value) *value { return h.relu() }))
		if !w.isWrong {
			y = add(x, y)
		}
		losses = append(losses, softmax(linear(w.lmHead, y))[tokens[pos+1]].log())
	}
	return sum(losses).mul(constant(-1 / float64(len(losses))))
}

// numbers takes a number from each of the parameters.
func numbers(parameters vector, number func(*value) float64) []float64 {
	out := make([]float64, len(parameters))
	for i, p := range parameters {
		out[i] = number(p)
	}
	return out
}

func data(p *value) float64 { return p.data }
func grad(p *value) float64 { return p.grad }

func main() {
	w := model{
		wte: newMatrix(vocabSize, embed), wpe: newMatrix(blockSize, embed),
		lmHead: newMatrix(vocabSize, embed),
		wq:     newMatrix(embed, embed), wk: newMatrix(embed, embed),
		wv: newMatrix(embed, embed), wo: newMatrix(embed, embed),
		fc1: newMatrix(4*embed, embed), fc2: newMatrix(embed, 4*embed),
		isWrong: len(os.Args) > 1 && os.Args[1] == "wrong",
	}
	parameters := tape
	m, v := make([]float64, len(parameters)), make([]float64, len(parameters))
	record("trace", 1, "n_layer", 1, "n_embd", embed, "n_head", heads, "block_size", blockSize,
		"vocab", vocabSize, "num_steps", len(names), "weights", numbers(parameters, data))
	for step, name := range names {
		tokens := []int{bos}
		for _, letter := range name {
			tokens = append(tokens, int(letter-'a'))
		}
		tokens = append(tokens, bos)
		tape = nil
		loss := w.loss(tokens)
		backward()
		fmt.Printf("step %d loss %.6f\n", step+1, loss.data)
		if isRecorded[step] {
			record("step", step, "tokens", tokens, "loss", loss.data, "grads", numbers(parameters, grad))
		}
		rate := 0.01 * (1 - float64(step)/float64(len(names)))
		for i, p := range parameters {
			m[i] = 0.85*m[i] + 0.15*p.grad
			v[i] = 0.99*v[i] + 0.01*p.grad*p.grad
			mHat := m[i] / (1 - math.Pow(0.85, float64(step+1)))
			vHat := v[i] / (1 - math.Pow(0.99, float64(step+1)))
			p.data -= rate * mHat / (math.Sqrt(vHat) + 1e-8)
			p.grad = 0
		}
		if isRecorded[step] {
			record("step", step, "m", m, "v", v, "weights", numbers(parameters, data))
		}
	}
}
