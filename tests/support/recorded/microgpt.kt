// A small microgpt whose training the Kotlin recorder writes down. Every number is an object that
// knows the ones that it was computed from.
// With the argument `wrong` a position is asked for its own token, not for the next one.

import java.util.Random
import kotlin.math.exp
import kotlin.math.ln
import kotlin.math.pow
import kotlin.math.sqrt

const val EMBED = 8
const val HEADS = 2
const val HEAD_SIZE = EMBED / HEADS
const val BLOCK = 8
const val LETTERS = "abcdefghijklmnopqrstuvwxyz"
const val BOS = 26

val names = listOf("hugo", "ann", "wilhelmina", "jo")

/** All values in the order in which they were computed. */
var tape = ArrayList<Value>()

class Value(var data: Double, private vararg val parents: Pair<Value, Double>) {
    var grad = 0.0

    init {
        tape.add(this)
    }

    operator fun plus(other: Value) = Value(data + other.data, this to 1.0, other to 1.0)
    operator fun times(other: Value) = Value(data * other.data, this to other.data, other to data)
    operator fun times(factor: Double) = Value(data * factor, this to factor)
    fun power(k: Double) = Value(data.pow(k), this to k * data.pow(k - 1))
    fun exponential() = Value(exp(data), this to exp(data))
    fun logarithm() = Value(ln(data), this to 1 / data)
    fun relu() = Value(maxOf(data, 0.0), this to if (data > 0) 1.0 else 0.0)

    fun flowBack() {
        for ((parent, slope) in parents) parent.grad += slope * grad
    }
}

typealias Vector = List<Value>
typealias Matrix = List<Vector>

fun sum(xs: Vector) = xs.reduce { total, x -> total + x }
fun dot(xs: Vector, ys: Vector) = sum(xs.zip(ys) { x, y -> x * y })
fun add(xs: Vector, ys: Vector) = xs.zip(ys) { x, y -> x + y }
fun linear(w: Matrix, x: Vector) = w.map { dot(it, x) }

fun rmsnorm(x: Vector): Vector {
    val meanSquare = dot(x, x) * (1.0 / x.size)
    val inverse = (meanSquare + Value(1e-5)).power(-0.5)
    return x.map { it * inverse }
}

fun softmax(xs: Vector): Vector {
    var highest = Double.NEGATIVE_INFINITY
    for (x in xs) highest = maxOf(highest, x.data)
    val shift = Value(-highest)
    val exps = xs.map { (it + shift).exponential() }
    val inverse = sum(exps).power(-1.0)
    return exps.map { it * inverse }
}

val random = Random(42)

fun matrix(rows: Int, columns: Int): Matrix =
    List(rows) { List(columns) { Value(0.08 * random.nextGaussian()) } }

val wte = matrix(BOS + 1, EMBED)
val wpe = matrix(BLOCK, EMBED)
val lmHead = matrix(BOS + 1, EMBED)
val wq = matrix(EMBED, EMBED)
val wk = matrix(EMBED, EMBED)
val wv = matrix(EMBED, EMBED)
val wo = matrix(EMBED, EMBED)
val fc1 = matrix(4 * EMBED, EMBED)
val fc2 = matrix(EMBED, 4 * EMBED)
val parameters: Vector = tape

fun attention(query: Vector, keys: Matrix, values: Matrix): Vector =
    (0 until EMBED step HEAD_SIZE).flatMap { start ->
        val part = start until start + HEAD_SIZE
        val factor = 1 / sqrt(HEAD_SIZE.toDouble())
        val weights = softmax(keys.map { dot(query.slice(part), it.slice(part)) * factor })
        part.map { i -> dot(weights, values.map { it[i] }) }
    }

fun meanLoss(tokens: List<Int>, isWrong: Boolean): Value {
    val keys = ArrayList<Vector>()
    val values = ArrayList<Vector>()
    val losses = (0 until minOf(BLOCK, tokens.size - 1)).map { position ->
        var x = rmsnorm(add(wte[tokens[position]], wpe[position]))
        val normed = rmsnorm(x)
        keys.add(linear(wk, normed))
        values.add(linear(wv, normed))
        x = add(x, linear(wo, attention(linear(wq, normed), keys, values)))
        x = add(x, linear(fc2, linear(fc1, rmsnorm(x)).map { it.relu() }))
        val target = tokens[if (isWrong) position else position + 1]
        softmax(linear(lmHead, x))[target].logarithm()
    }
    return sum(losses) * (-1.0 / losses.size)
}

fun main(arguments: Array<String>) {
    val m = DoubleArray(parameters.size)
    val v = DoubleArray(parameters.size)
    record(
        "trace" to 1, "n_layer" to 1, "n_embd" to EMBED, "n_head" to HEADS, "block_size" to BLOCK,
        "vocab" to LETTERS, "num_steps" to names.size, "weights" to parameters.map { it.data }
    )
    for ((step, name) in names.withIndex()) {
        tape = ArrayList()
        val tokens = listOf(BOS) + name.map { LETTERS.indexOf(it) } + BOS
        val loss = meanLoss(tokens, "wrong" in arguments)
        loss.grad = 1.0
        for (value in tape.asReversed()) value.flowBack()
        println("step ${step + 1} loss ${loss.data}")
        if (isRecorded(step)) {
            val grads = parameters.map { it.grad }
            record(
                "step" to step, "document" to name, "tokens" to tokens,
                "loss" to loss.data, "grads" to grads
            )
        }
        val rate = 0.01 * (1 - step.toDouble() / names.size)
        for ((i, p) in parameters.withIndex()) {
            m[i] = 0.85 * m[i] + 0.15 * p.grad
            v[i] = 0.99 * v[i] + 0.01 * p.grad * p.grad
            val mHat = m[i] / (1 - 0.85.pow(step + 1))
            val vHat = v[i] / (1 - 0.99.pow(step + 1))
            p.data -= rate * mHat / (sqrt(vHat) + 1e-8)
            p.grad = 0.0
        }
        if (isRecorded(step)) {
            record("step" to step, "m" to m, "v" to v, "weights" to parameters.map { it.data })
        }
    }
}
