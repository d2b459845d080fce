const lines = require("node:readline").createInterface({ input: process.stdin });
const say = (answer) => console.log(JSON.stringify({ jsonrpc: "2.0", ...answer }));
lines.on("line", async (line) => {
  const { id, method } = JSON.parse(line);
  if (method !== "initialize") throw new Error(`not yet written: ${method}`);
  say({ id, result: {
    protocol_version: 1, name: "js", language: "JavaScript", precision: "float64",
    methods: ["tokenize"], profiles: ["microgpt"],
  } });
});
