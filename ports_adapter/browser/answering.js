// Answers the suite's questions by the functions of window.microgpt. It runs in the page, before
// the page's own scripts.
(() => {
  const METHOD_NOT_FOUND = -32601;
  const INTERNAL_ERROR = -32603;

  // JSON as the protocol has it: NaN and infinities are strings, -0 keeps its sign, typed arrays
  // are arrays, and a field that is undefined is left out.
  function encode(value) {
    if (typeof value === "number") {
      if (!Number.isFinite(value)) return `"${value}"`;
      return Object.is(value, -0) ? "-0.0" : String(value);
    }
    if (typeof value === "bigint") return String(value);
    if (Array.isArray(value)) return `[${value.map(encode).join(",")}]`;
    if (ArrayBuffer.isView(value)) return encode(Array.from(value));
    if (typeof value === "object" && value !== null) {
      const fields = Object.entries(value).filter(([, x]) => x !== undefined);
      return `{${fields.map(([name, x]) => `${JSON.stringify(name)}:${encode(x)}`).join(",")}}`;
    }
    return JSON.stringify(value) ?? "null";
  }

  const send = (message) => globalThis.microgptSend(encode({ jsonrpc: "2.0", ...message }));

  // What the page says of itself: its functions are methods, its other fields are those of the
  // answer to `initialize`.
  function introduction(port, given) {
    const fields = Object.entries(port);
    return {
      protocol_version: 1,
      language: "JavaScript",
      profiles: ["microgpt"],
      ...given,
      methods: fields.filter(([, x]) => typeof x === "function").map(([name]) => name),
      ...Object.fromEntries(fields.filter(([, x]) => typeof x !== "function")),
    };
  }

  function result({ id, method, params }, given) {
    const port = globalThis.microgpt;
    if (Object.hasOwn(port, method) && typeof port[method] === "function") {
      return port[method](params ?? {}, (step) =>
        send({ method: "step", params: { id, ...step } }),
      );
    }
    if (method === "initialize") return introduction(port, given);
    if (method === "shutdown") return {};
    const error = new Error(`window.microgpt has no function ${method}`);
    throw Object.assign(error, { code: METHOD_NOT_FOUND });
  }

  // The line of an error in the page, without the address that the suite gave the folder.
  function place(error) {
    const found = /\(?(?:https?:\/\/[^/\s]+\/)([^\s()]+:\d+:\d+)/.exec(error?.stack ?? "");
    return found ? ` (${found[1]})` : "";
  }

  globalThis.microgptAnswer = async (line, given) => {
    const request = JSON.parse(line);
    try {
      send({ id: request.id, result: await result(request, given) });
    } catch (error) {
      const isKnown = Number.isInteger(error?.code);
      const code = isKnown ? error.code : INTERNAL_ERROR;
      if (!isKnown) console.error(error?.stack ?? String(error));
      const message = isKnown ? error.message : `${error}${place(error)}`;
      send({ id: request.id, error: { code, message } });
    }
  };
})();
