// Writes a trace: what a program computes while it trains, one JSON record a line.
//   before training:  Recorder.Record(new { trace = 1, n_head = 4, num_steps = 1000, weights });
//   and in each step, if Recorder.IsRecorded(step), of numbers and arrays or lists of numbers,
//   before gradients are cleared:  Recorder.Record(new { step, tokens, loss, grads });
//   after the update:              Recorder.Record(new { step, m, v, weights });
using System;
using System.Collections;
using System.Globalization;
using System.IO;
using System.Linq;

static class Recorder
{
    static readonly StreamWriter trace =
        new StreamWriter(Environment.GetEnvironmentVariable("MICROGPT_TRACE") ?? "trace.jsonl");

    public static bool IsRecorded(int step) => new[] { 0, 1, 2, 9, 10, 99, 100 }.Contains(step);

    public static void Record(object fields)
    {
        var members = fields.GetType().GetProperties()
            .Select(field => $"\"{field.Name}\": {Json(field.GetValue(fields))}");
        trace.WriteLine("{" + string.Join(", ", members) + "}");
        trace.Flush();
    }

    static string Json(object value)
    {
        if (value is string text) return $"\"{text}\"";
        if (value is IEnumerable list)
            return $"[{string.Join(", ", list.Cast<object>().Select(Json))}]";
        string format = value is double ? "G17" : value is float ? "G9" : "G";
        return ((IFormattable)value).ToString(format, CultureInfo.InvariantCulture);
    }
}
