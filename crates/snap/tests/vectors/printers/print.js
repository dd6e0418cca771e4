// Node: what DOKU's SDK sends and hashes (JSON.stringify).
const fs = require("fs");
for (const document of JSON.parse(fs.readFileSync("documents.json", "utf8"))) {
  const hashed = JSON.stringify(document);
  console.log(JSON.stringify({ printer: "node", sent: hashed, hashed }));
  console.log(JSON.stringify({ printer: "node", sent: JSON.stringify(document, null, "\t"), hashed }));
}
