#!/usr/bin/env bash
# Makes ../printed-bodies.json with the real printers: Python, Node, PHP, and Gson with Jackson.
# Debian: python3 nodejs php-cli default-jdk-headless libjackson2-databind-java libgoogle-gson-java
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -- *.py *.js *.php *.java "$work"
cd "$work"
python3 documents.py
jars=$(printf '%s:' /usr/share/java/jackson-{core,annotations,databind}.jar /usr/share/java/gson.jar)
{
    python3 print.py
    node print.js
    php print.php
    java -cp "$jars" Print.java
} | python3 -c '
import json, sys
cases = sorted({(c["printer"], c["sent"], c["hashed"]) for c in map(json.loads, sys.stdin)})
print("[")
print(",\n".join(json.dumps({"printer": p, "sent": s, "hashed": h}) for p, s, h in cases))
print("]")
' > printed-bodies.json
cp printed-bodies.json "$OLDPWD/../printed-bodies.json"
