// Writes a trace: what a C++17 program computes while it trains, one JSON record a line.
//   before training:  record("trace", 1, "n_head", 4, "num_steps", 1000, "weights", weights);
//   and in each step, if (is_recorded(step)), of numbers and vectors of numbers,
//   before gradients are cleared:
//                     record("step", step, "tokens", tokens, "loss", loss, "grads", grads);
//   after the update: record("step", step, "m", m, "v", v, "weights", weights);
#include <cstdlib>
#include <fstream>
#include <iomanip>
#include <limits>
#include <string>
#include <type_traits>

inline bool is_recorded(int step) {
    return step <= 2 || step == 9 || step == 10 || step == 99 || step == 100;
}
inline std::ofstream &trace() {
    const char *path = std::getenv("MICROGPT_TRACE");
    static std::ofstream file(path ? path : "trace.jsonl");
    if (!file) throw std::ios::failure("the trace cannot be written");
    return file;
}
template <typename Value> void write_value(const Value &value) {
    if constexpr (std::is_arithmetic_v<Value>) {
        trace() << std::setprecision(std::numeric_limits<Value>::max_digits10) << value;
    } else if constexpr (std::is_convertible_v<Value, std::string>) {
        trace() << std::quoted(std::string(value));
    } else {
        const char *before = "[";
        for (const auto &element : value) trace() << before, write_value(element), before = ", ";
        trace() << "]";
    }
}
inline void write_fields(const char *) { trace() << "}" << std::endl; }
template <typename Value, typename... Fields>
void write_fields(const char *before, const char *name, const Value &value, const Fields &...rest) {
    trace() << before << std::quoted(name) << ": ", write_value(value);
    write_fields(", ", rest...);
}
template <typename... Fields> void record(const Fields &...fields) { write_fields("{", fields...); }
