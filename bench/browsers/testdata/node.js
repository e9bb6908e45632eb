// One line of JSON a chunk of texts, and one line of JSON back.
const write = (value) => process.stdout.write(JSON.stringify(value) + "\n");
require("readline").createInterface({ input: process.stdin, crlfDelay: Infinity })
  .on("line", (line) => write(read(JSON.parse(line))));
