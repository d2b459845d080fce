//! A small microgpt whose training the Zig recorder writes down. Every number is a node of a tape
//! that knows the nodes that it was computed from.
//! With the argument `wrong` RMSNorm divides by the sum of the squares, not by their mean.

const std = @import("std");
const recorder = @import("recorder.zig");

const n_embd = 8;
const n_head = 2;
const head_dim = n_embd / n_head;
const block_size = 8;
const bos = 26;
const vocab = 27;
const names = [_][]const u8{ "igor", "mia", "bartholomew", "zoe" };

const Node = struct {
    data: f64,
    grad: f64 = 0,
    a: Value = 0,
    by_a: f64 = 0,
    b: Value = 0,
    by_b: f64 = 0,
};

/// A number, by its place on the tape.
const Value = u32;

var tape: [1 << 17]Node = undefined;
var size: Value = 0;
var is_wrong = false;

fn push(made: Node) Value {
    tape[size] = made;
    size += 1;
    return size - 1;
}

fn constant(x: f64) Value {
    return push(.{ .data = x });
}

fn add(a: Value, b: Value) Value {
    return push(.{ .data = tape[a].data + tape[b].data, .a = a, .by_a = 1, .b = b, .by_b = 1 });
}

fn mul(a: Value, b: Value) Value {
    const x = tape[a].data;
    const y = tape[b].data;
    return push(.{ .data = x * y, .a = a, .by_a = y, .b = b, .by_b = x });
}

fn scaled(a: Value, factor: f64) Value {
    return push(.{ .data = tape[a].data * factor, .a = a, .by_a = factor });
}

fn power(a: Value, k: f64) Value {
    const x = tape[a].data;
    const slope = k * std.math.pow(f64, x, k - 1);
    return push(.{ .data = std.math.pow(f64, x, k), .a = a, .by_a = slope });
}

fn exponential(a: Value) Value {
    const y = @exp(tape[a].data);
    return push(.{ .data = y, .a = a, .by_a = y });
}

fn logarithm(a: Value) Value {
    return push(.{ .data = @log(tape[a].data), .a = a, .by_a = 1 / tape[a].data });
}

fn relu(a: Value) Value {
    const x = tape[a].data;
    return push(.{ .data = @max(x, 0), .a = a, .by_a = if (x > 0) 1 else 0 });
}

fn backward(loss: Value) void {
    tape[loss].grad = 1;
    var i = loss;
    while (i >= n_params) : (i -= 1) {
        const node = tape[i];
        tape[node.a].grad += node.by_a * node.grad;
        tape[node.b].grad += node.by_b * node.grad;
    }
}

fn dot(xs: []const Value, ys: []const Value) Value {
    var total = mul(xs[0], ys[0]);
    for (xs[1..], ys[1..]) |x, y| total = add(total, mul(x, y));
    return total;
}

fn addAll(x: [n_embd]Value, y: [n_embd]Value) [n_embd]Value {
    var out: [n_embd]Value = undefined;
    for (&out, x, y) |*o, a, b| o.* = add(a, b);
    return out;
}

fn rmsnorm(x: [n_embd]Value) [n_embd]Value {
    const squares = dot(&x, &x);
    const square = if (is_wrong) squares else scaled(squares, 1.0 / @as(f64, n_embd));
    const inverse = power(add(square, constant(1e-5)), -0.5);
    var out: [n_embd]Value = undefined;
    for (&out, x) |*o, a| o.* = mul(a, inverse);
    return out;
}

/// Takes the scores to their probabilities, in place.
fn softmax(scores: []Value) void {
    var highest = -std.math.inf(f64);
    for (scores) |score| highest = @max(highest, tape[score].data);
    const shift = constant(-highest);
    for (scores) |*score| score.* = exponential(add(score.*, shift));
    var total = scores[0];
    for (scores[1..]) |score| total = add(total, score);
    const inverse = power(total, -1);
    for (scores) |*score| score.* = mul(score.*, inverse);
}

/// A matrix of parameters, which stand on the tape row by row.
fn Matrix(comptime start: Value, comptime rows: u32, comptime columns: u32) type {
    return struct {
        const end = start + rows * columns;

        fn row(i: usize) [columns]Value {
            var out: [columns]Value = undefined;
            for (&out, 0..) |*o, j| o.* = start + @as(Value, @intCast(i * columns + j));
            return out;
        }

        fn linear(x: [columns]Value) [rows]Value {
            var out: [rows]Value = undefined;
            for (&out, 0..) |*o, i| o.* = dot(&row(i), &x);
            return out;
        }
    };
}

const wte = Matrix(0, vocab, n_embd);
const wpe = Matrix(wte.end, block_size, n_embd);
const lm_head = Matrix(wpe.end, vocab, n_embd);
const wq = Matrix(lm_head.end, n_embd, n_embd);
const wk = Matrix(wq.end, n_embd, n_embd);
const wv = Matrix(wk.end, n_embd, n_embd);
const wo = Matrix(wv.end, n_embd, n_embd);
const fc1 = Matrix(wo.end, 4 * n_embd, n_embd);
const fc2 = Matrix(fc1.end, n_embd, 4 * n_embd);
const n_params = fc2.end;

const Vectors = [block_size][n_embd]Value;

/// What a query finds in the first keys and values.
fn attention(query: [n_embd]Value, keys: Vectors, values: Vectors, n: usize) [n_embd]Value {
    var out: [n_embd]Value = undefined;
    for (0..n_head) |head| {
        const start = head * head_dim;
        var weights: [block_size]Value = undefined;
        for (weights[0..n], keys[0..n]) |*weight, key| {
            const score = dot(query[start..][0..head_dim], key[start..][0..head_dim]);
            weight.* = scaled(score, 1 / @sqrt(@as(f64, head_dim)));
        }
        softmax(weights[0..n]);
        for (start..start + head_dim) |i| {
            var column: [block_size]Value = undefined;
            for (column[0..n], values[0..n]) |*entry, value| entry.* = value[i];
            out[i] = dot(weights[0..n], column[0..n]);
        }
    }
    return out;
}

fn meanLoss(tokens: []const usize) Value {
    var keys: Vectors = undefined;
    var values: Vectors = undefined;
    const n = @min(block_size, tokens.len - 1);
    var total = constant(0);
    for (0..n) |position| {
        var x = rmsnorm(addAll(wte.row(tokens[position]), wpe.row(position)));
        const normed = rmsnorm(x);
        keys[position] = wk.linear(normed);
        values[position] = wv.linear(normed);
        const found = attention(wq.linear(normed), keys, values, position + 1);
        x = addAll(x, wo.linear(found));
        var hidden = fc1.linear(rmsnorm(x));
        for (&hidden) |*h| h.* = relu(h.*);
        var logits = lm_head.linear(addAll(x, fc2.linear(hidden)));
        softmax(&logits);
        total = add(total, logarithm(logits[tokens[position + 1]]));
    }
    return scaled(total, -1 / @as(f64, @floatFromInt(n)));
}

fn weightsNow() [n_params]f64 {
    var out: [n_params]f64 = undefined;
    for (&out, tape[0..n_params]) |*o, parameter| o.* = parameter.data;
    return out;
}

pub fn main(init: std.process.Init) !void {
    var arguments = init.minimal.args.iterate();
    _ = arguments.skip();
    is_wrong = arguments.next() != null;
    var generator = std.Random.DefaultPrng.init(42);
    for (0..n_params) |_| _ = constant(0.08 * generator.random().floatNorm(f64));
    try recorder.record(.{
        .trace = 1,
        .n_layer = 1,
        .n_embd = n_embd,
        .n_head = n_head,
        .block_size = block_size,
        .vocab = "abcdefghijklmnopqrstuvwxyz",
        .num_steps = names.len,
        .weights = weightsNow(),
    });
    var m: [n_params]f64 = @splat(0);
    var v: [n_params]f64 = @splat(0);
    for (names, 0..) |name, step| {
        var tokens: [16]usize = @splat(bos);
        for (name, 1..) |letter, i| tokens[i] = letter - 'a';
        const used = tokens[0 .. name.len + 2];
        const loss = meanLoss(used);
        backward(loss);
        var grads: [n_params]f64 = undefined;
        for (&grads, tape[0..n_params]) |*g, parameter| g.* = parameter.grad;
        const is_recorded = recorder.isRecorded(step);
        if (is_recorded) try recorder.record(.{
            .step = step,
            .document = name,
            .tokens = used,
            .loss = tape[loss].data,
            .grads = grads,
        });
        const t: f64 = @floatFromInt(step + 1);
        const rate = 0.01 * (1 - (t - 1) / @as(f64, names.len));
        for (&m, &v, grads, tape[0..n_params]) |*mi, *vi, g, *parameter| {
            mi.* = 0.85 * mi.* + 0.15 * g;
            vi.* = 0.99 * vi.* + 0.01 * g * g;
            const m_hat = mi.* / (1 - std.math.pow(f64, 0.85, t));
            const v_hat = vi.* / (1 - std.math.pow(f64, 0.99, t));
            parameter.data -= rate * m_hat / (@sqrt(v_hat) + 1e-8);
            parameter.grad = 0;
        }
        const weights = weightsNow();
        if (is_recorded) try recorder.record(.{ .step = step, .m = m, .v = v, .weights = weights });
        size = n_params;
    }
}
