// A small microgpt whose training the Java recorder writes down. Every number is an object that
// knows the ones that it was computed from. Matrices of linear layers are inputs by outputs.
// With the argument `wrong` the loss is the sum over the positions, not the mean.

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

final class Value {
    /** All values in the order in which they were computed. */
    static List<Value> tape = new ArrayList<>();

    double data, grad;
    private final Value a, b;
    private final double byA, byB;

    private Value(double data, Value a, double byA, Value b, double byB) {
        this.data = data;
        this.a = a;
        this.byA = byA;
        this.b = b;
        this.byB = byB;
        tape.add(this);
    }

    Value(double data) { this(data, null, 0, null, 0); }
    Value add(Value o) { return new Value(data + o.data, this, 1, o, 1); }
    Value mul(Value o) { return new Value(data * o.data, this, o.data, o, data); }
    Value add(double x) { return new Value(data + x, this, 1, null, 0); }
    Value mul(double x) { return new Value(data * x, this, x, null, 0); }
    Value exp() { return new Value(Math.exp(data), this, Math.exp(data), null, 0); }
    Value log() { return new Value(Math.log(data), this, 1 / data, null, 0); }
    Value relu() { return new Value(Math.max(data, 0), this, data > 0 ? 1 : 0, null, 0); }

    Value pow(double p) {
        return new Value(Math.pow(data, p), this, p * Math.pow(data, p - 1), null, 0);
    }

    void backward() {
        grad = 1;
        for (int i = tape.size() - 1; i >= 0; i--) {
            Value value = tape.get(i);
            if (value.a != null) value.a.grad += value.byA * value.grad;
            if (value.b != null) value.b.grad += value.byB * value.grad;
        }
    }
}

final class Microgpt {
    static final int EMBED = 8, HEADS = 2, HEAD_SIZE = EMBED / HEADS, BLOCK = 8;
    static final int VOCAB = 27, BOS = 26;
    static final String[] NAMES = {"anna", "bo", "christopher", "dora"};

    static final Random random = new Random(42);
    static final Value[][] wte = matrix(VOCAB, EMBED), wpe = matrix(BLOCK, EMBED);
    static final Value[][] lmHead = matrix(EMBED, VOCAB);
    static final Value[][] wq = matrix(EMBED, EMBED), wk = matrix(EMBED, EMBED);
    static final Value[][] wv = matrix(EMBED, EMBED), wo = matrix(EMBED, EMBED);
    static final Value[][] fc1 = matrix(EMBED, 4 * EMBED), fc2 = matrix(4 * EMBED, EMBED);

    static Value[][] matrix(int rows, int columns) {
        return Stream.generate(
                () -> Stream.generate(() -> new Value(0.08 * random.nextGaussian()))
                    .limit(columns).toArray(Value[]::new))
            .limit(rows).toArray(Value[][]::new);
    }

    static Value sum(Stream<Value> terms) { return terms.reduce(Value::add).orElseThrow(); }
    static Value[] vector(Stream<Value> values) { return values.toArray(Value[]::new); }
    static IntStream range(int n) { return IntStream.range(0, n); }

    static Value[] add(Value[] x, Value[] y) {
        return vector(range(x.length).mapToObj(i -> x[i].add(y[i])));
    }

    static Value[] linear(Value[] x, Value[][] w) {
        return vector(range(w[0].length)
            .mapToObj(j -> sum(range(x.length).mapToObj(i -> x[i].mul(w[i][j])))));
    }

    static Value[] softmax(Value[] logits) {
        double max = Stream.of(logits).mapToDouble(x -> x.data).max().orElseThrow();
        Value[] exps = vector(Stream.of(logits).map(x -> x.add(-max).exp()));
        Value inverse = sum(Stream.of(exps)).pow(-1);
        return vector(Stream.of(exps).map(e -> e.mul(inverse)));
    }

    static Value[] rmsnorm(Value[] x) {
        Value meanSquare = sum(Stream.of(x).map(xi -> xi.mul(xi))).mul(1.0 / x.length);
        Value scale = meanSquare.add(1e-5).pow(-0.5);
        return vector(Stream.of(x).map(xi -> xi.mul(scale)));
    }

    static Value[] attention(Value[] query, List<Value[]> keys, List<Value[]> values) {
        Value[] out = new Value[EMBED];
        for (int head = 0; head < EMBED; head += HEAD_SIZE) {
            int start = head;
            Value[] scores = vector(keys.stream().map(key ->
                sum(range(HEAD_SIZE).mapToObj(i -> query[start + i].mul(key[start + i])))
                    .mul(1 / Math.sqrt(HEAD_SIZE))));
            Value[] weights = softmax(scores);
            for (int i = head; i < head + HEAD_SIZE; i++) {
                int column = i;
                out[i] = sum(range(weights.length)
                    .mapToObj(t -> weights[t].mul(values.get(t)[column])));
            }
        }
        return out;
    }

    static Value loss(int[] tokens, boolean isWrong) {
        List<Value[]> keys = new ArrayList<>(), values = new ArrayList<>();
        List<Value> losses = new ArrayList<>();
        for (int pos = 0; pos < Math.min(BLOCK, tokens.length - 1); pos++) {
            Value[] x = rmsnorm(add(wte[tokens[pos]], wpe[pos]));
            Value[] normed = rmsnorm(x);
            keys.add(linear(normed, wk));
            values.add(linear(normed, wv));
            x = add(x, linear(attention(linear(normed, wq), keys, values), wo));
            Value[] hidden = vector(Stream.of(linear(rmsnorm(x), fc1)).map(Value::relu));
            x = add(x, linear(hidden, fc2));
            losses.add(softmax(linear(x, lmHead))[tokens[pos + 1]].log().mul(-1));
        }
        Value total = sum(losses.stream());
        return isWrong ? total : total.mul(1.0 / losses.size());
    }

    static double[] numbers(List<Value> values, ToDoubleFunction<Value> number) {
        return values.stream().mapToDouble(number).toArray();
    }

    public static void main(String[] arguments) {
        boolean isWrong = arguments.length > 0 && arguments[0].equals("wrong");
        List<Value> parameters = Value.tape;
        double[] m = new double[parameters.size()], v = new double[parameters.size()];
        Recorder.record(
            "trace", 1, "n_layer", 1, "n_embd", EMBED, "n_head", HEADS, "block_size", BLOCK,
            "vocab", VOCAB, "num_steps", NAMES.length, "weights", numbers(parameters, p -> p.data));
        for (int step = 0; step < NAMES.length; step++) {
            Value.tape = new ArrayList<>();
            int[] tokens = ("{" + NAMES[step] + "{").chars().map(c -> c - 'a').toArray(); // { is BOS
            Value loss = loss(tokens, isWrong);
            loss.backward();
            System.out.printf("step %d loss %.6f%n", step + 1, loss.data);
            if (Recorder.isRecorded(step)) {
                double[] grads = numbers(parameters, p -> p.grad);
                Recorder.record("step", step, "tokens", tokens, "loss", loss.data, "grads", grads);
            }
            double rate = 0.01 * (1 - (double) step / NAMES.length);
            for (int i = 0; i < m.length; i++) {
                Value p = parameters.get(i);
                m[i] = 0.85 * m[i] + 0.15 * p.grad;
                v[i] = 0.99 * v[i] + 0.01 * p.grad * p.grad;
                double mHat = m[i] / (1 - Math.pow(0.85, step + 1));
                double vHat = v[i] / (1 - Math.pow(0.99, step + 1));
                p.data -= rate * mHat / (Math.sqrt(vHat) + 1e-8);
                p.grad = 0;
            }
            if (Recorder.isRecorded(step)) {
                double[] weights = numbers(parameters, p -> p.data);
                Recorder.record("step", step, "m", m, "v", v, "weights", weights);
            }
        }
    }
}
