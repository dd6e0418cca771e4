"""Python: what DOKU's SDK sends (json.dumps) and hashes (json.dumps with compact separators)."""
import json

for document in json.load(open("documents.json", encoding="utf-8")):
    hashed = json.dumps(document, separators=(",", ":"))
    print(json.dumps({"printer": "python", "sent": json.dumps(document), "hashed": hashed}))
    print(json.dumps({"printer": "python", "sent": json.dumps(document, indent=2), "hashed": hashed}))
