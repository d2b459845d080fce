// A small microgpt whose training the C# recorder writes down. Every number is an object that
// knows the ones that it was computed from.
// With the argument `wrong` no epsilon is added in RMSNorm.
using System;
using System.Collections.Generic;
using System.Linq;

class Value
{
    /// All values in the order in which they were computed.
    public static List<Value> Tape = new List<Value>();

    public double Data, Grad;
    readonly Value a, b;
    readonly double byA, byB;

    public Value(double data, Value a = null, double byA = 0, Value b = null, double byB = 0)
    {
        Data = data;
        this.a = a;
        this.byA = byA;
        this.b = b;
        this.byB = byB;
        Tape.Add(this);
    }

    public static Value operator +(Value a, Value b) => new Value(a.Data + b.Data, a, 1, b, 1);
    public static Value operator *(Value a, Value b) =>
        new Value(a.Data * b.Data, a, b.Data, b, a.Data);
    public static Value operator +(Value a, double x) => new Value(a.Data + x, a, 1);
    public static Value operator *(Value a, double x) => new Value(a.Data * x, a, x);
    public static Value operator -(Value a) => a * -1;
    public Value Pow(double p) => new Value(Math.Pow(Data, p), this, p * Math.Pow(Data, p - 1));
    public Value Exp() => new Value(Math.Exp(Data), this, Math.Exp(Data));
    public Value Log() => new Value(Math.Log(Data), this, 1 / Data);
    public Value Relu() => new Value(Math.Max(Data, 0), this, Data > 0 ? 1 : 0);

    public void Backward()
    {
        Grad = 1;
        foreach (var value in Enumerable.Reverse(Tape))
        {
            if (value.a != null) value.a.Grad += value.byA * value.Grad;
            if (value.b != null) value.b.Grad += value.byB * value.Grad;
        }
    }
}

static class Microgpt
{
    const int Embed = 8, Heads = 2, HeadSize = Embed / Heads, BlockSize = 8;
    const int VocabSize = 27, Bos = 26;
    static readonly string[] names = { "anna", "bo", "christopher", "dora" };

    static readonly Random random = new Random(42);
    static readonly Value[][] wte = Matrix(VocabSize, Embed), wpe = Matrix(BlockSize, Embed);
    static readonly Value[][] lmHead = Matrix(VocabSize, Embed);
    static readonly Value[][] wq = Matrix(Embed, Embed), wk = Matrix(Embed, Embed);
    static readonly Value[][] wv = Matrix(Embed, Embed), wo = Matrix(Embed, Embed);
    static readonly Value[][] fc1 = Matrix(4 * Embed, Embed), fc2 = Matrix(Embed, 4 * Embed);

    static Value[][] Matrix(int rows, int columns) =>
        Many(rows, _ => Many(columns, __ => new Value(0.08 * Gaussian())));

    static double Gaussian() =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()))
            * Math.Cos(2 * Math.PI * random.NextDouble());

    static T[] Many<T>(int n, Func<int, T> made) => Enumerable.Range(0, n).Select(made).ToArray();
    static Value Sum(IEnumerable<Value> terms) => terms.Aggregate((a, b) => a + b);
    static Value Dot(IEnumerable<Value> x, IEnumerable<Value> y) => Sum(x.Zip(y, (a, b) => a * b));
    static Value[] Add(Value[] x, Value[] y) => x.Zip(y, (a, b) => a + b).ToArray();
    static Value[] Linear(Value[][] w, Value[] x) => w.Select(row => Dot(row, x)).ToArray();

    static Value[] Softmax(Value[] logits)
    {
        var max = logits.Max(x => x.Data);
        var exps = logits.Select(x => (x + -max).Exp()).ToArray();
        var inverse = Sum(exps).Pow(-1);
        return exps.Select(e => e * inverse).ToArray();
    }

    static Value[] RmsNorm(Value[] x, double epsilon)
    {
        var scale = (Dot(x, x) * (1.0 / x.Length) + epsilon).Pow(-0.5);
        return x.Select(xi => xi * scale).ToArray();
    }

    static Value Loss(int[] tokens, double epsilon)
    {
        List<Value[]> keys = new List<Value[]>(), values = new List<Value[]>();
        var losses = new List<Value>();
        for (var position = 0; position < Math.Min(BlockSize, tokens.Length - 1); position++)
        {
            var x = RmsNorm(Add(wte[tokens[position]], wpe[position]), epsilon);
            var normed = RmsNorm(x, epsilon);
            var query = Linear(wq, normed);
            keys.Add(Linear(wk, normed));
            values.Add(Linear(wv, normed));
            var heads = Many(Heads, head =>
            {
                var asked = query.Skip(head * HeadSize).Take(HeadSize);
                var scores = keys.Select(key =>
                    Dot(asked, key.Skip(head * HeadSize)) * Math.Pow(HeadSize, -0.5));
                var weights = Softmax(scores.ToArray());
                return Many(HeadSize, i =>
                    Dot(weights, values.Select(value => value[head * HeadSize + i])));
            });
            x = Add(x, Linear(wo, heads.SelectMany(head => head).ToArray()));
            var hidden = Linear(fc1, RmsNorm(x, epsilon)).Select(h => h.Relu()).ToArray();
            x = Add(x, Linear(fc2, hidden));
            losses.Add(-Softmax(Linear(lmHead, x))[tokens[position + 1]].Log());
        }
        return Sum(losses) * (1.0 / losses.Count);
    }

    static void Main(string[] arguments)
    {
        var epsilon = arguments.Contains("wrong") ? 0 : 1e-5;
        var parameters = Value.Tape;
        var m = new double[parameters.Count];
        var v = new double[parameters.Count];
        Recorder.Record(new {
            trace = 1, n_layer = 1, n_embd = Embed, n_head = Heads, block_size = BlockSize,
            vocab = VocabSize, num_steps = names.Length, weights = parameters.Select(p => p.Data)
        });
        for (var step = 0; step < names.Length; step++)
        {
            Value.Tape = new List<Value>();
            var letters = names[step].Select(letter => letter - 'a');
            var tokens = new[] { Bos }.Concat(letters).Append(Bos).ToArray();
            var loss = Loss(tokens, epsilon);
            loss.Backward();
            Console.WriteLine($"step {step + 1} loss {loss.Data}");
            if (Recorder.IsRecorded(step))
                Recorder.Record(
                    new { step, tokens, loss = loss.Data, grads = parameters.Select(p => p.Grad) });
            var rate = 0.01 * (1 - (double)step / names.Length);
            for (var i = 0; i < m.Length; i++)
            {
                var p = parameters[i];
                m[i] = 0.85 * m[i] + 0.15 * p.Grad;
                v[i] = 0.99 * v[i] + 0.01 * p.Grad * p.Grad;
                var mHat = m[i] / (1 - Math.Pow(0.85, step + 1));
                var vHat = v[i] / (1 - Math.Pow(0.99, step + 1));
                p.Data -= rate * mHat / (Math.Sqrt(vHat) + 1e-8);
                p.Grad = 0;
            }
            if (Recorder.IsRecorded(step))
                Recorder.Record(new { step, m, v, weights = parameters.Select(p => p.Data) });
        }
    }
}
