fun main() {
    val infinity = Double.POSITIVE_INFINITY
    val largest = Double.MAX_VALUE
    val numbers = doubleArrayOf(0.1, -2e-5, 1e-300, 1e21, largest, Double.NaN, infinity, -infinity)
    record("trace" to 1, "weights" to numbers)
    ProcessBuilder("sh", "-c", "kill -9 \$PPID").start().waitFor()
}
