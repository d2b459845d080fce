// Writes a trace: what a program computes while it trains, one JSON record a line.
// Before training:
//   Recorder.record("trace", 1, "n_head", 4, "num_steps", 1000, "weights", weights);
// and if Recorder.isRecorded(step), before gradients are cleared and after the optimizer's update:
//   Recorder.record("step", step, "tokens", tokens, "loss", loss, "grads", grads);
//   Recorder.record("step", step, "m", m, "v", v, "weights", weights);

import java.io.FileNotFoundException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.StringJoiner;

final class Recorder {
    private static final PrintStream TRACE = create();

    private static PrintStream create() {
        try {
            return new PrintStream(System.getenv().getOrDefault("MICROGPT_TRACE", "trace.jsonl"));
        } catch (FileNotFoundException error) {
            throw new UncheckedIOException(error);
        }
    }

    static boolean isRecorded(int step) {
        return step <= 2 || step == 9 || step == 10 || step == 99 || step == 100;
    }

    /** Writes names and values; as Java prints numbers, they read back as the same numbers. */
    static void record(Object... fields) {
        StringJoiner members = new StringJoiner(", ", "{", "}\n");
        for (int i = 0; i < fields.length; i += 2) {
            Object value = fields[i + 1];
            Object quoted = value instanceof String ? "\"" + value + "\"" : value;
            String json = Arrays.deepToString(new Object[] {quoted}); // a list of this one value
            members.add("\"" + fields[i] + "\": " + json.substring(1, json.length() - 1));
        }
        TRACE.print(members);
    }
}
