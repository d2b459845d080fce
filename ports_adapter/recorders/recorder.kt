// Writes a trace: what a program computes while it trains, one JSON record a line.
//   before training:
//     record("trace" to 1, "n_head" to 4, "num_steps" to 1000, "weights" to weights)
//   and in each step, if (isRecorded(step)), of numbers and of arrays or lists of numbers,
//   before gradients are cleared:
//     record("step" to step, "tokens" to tokens, "loss" to loss, "grads" to grads)
//   after the update:
//     record("step" to step, "m" to m, "v" to v, "weights" to weights)

import java.io.FileOutputStream

private val trace =
    FileOutputStream(System.getenv("MICROGPT_TRACE").orEmpty().ifEmpty { "trace.jsonl" })

/** Which steps to record: some at the start, and some later on. */
fun isRecorded(step: Int) = step in setOf(0, 1, 2, 9, 10, 99, 100)

/** Writes a record; its numbers read back as the same numbers. */
fun record(vararg fields: Pair<String, Any>) =
    trace.write((json(linkedMapOf(*fields)) + "\n").toByteArray())

private fun json(value: Any?): String = when (value) {
    is Map<*, *> ->
        value.entries.joinToString(",", "{", "}") { json(it.key) + ":" + json(it.value) }
    is Iterable<*> -> value.joinToString(",", "[", "]") { json(it) }
    is Array<*> -> json(value.asList())
    is DoubleArray -> json(value.asList())
    is FloatArray -> json(value.asList())
    is IntArray -> json(value.asList())
    is Number -> value.toString()
    else -> "\"" + value.toString().replace("\\", "\\\\").replace("\"", "\\\"") + "\""
}
