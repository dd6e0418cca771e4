<?php
// PHP: what DOKU's SDK sends (json_encode) and hashes (decoded, encoded again with unescaped slashes and Unicode).
foreach (json_decode(file_get_contents("documents.json"), true) as $document) {
    foreach ([0, JSON_PRETTY_PRINT] as $flags) {
        $sent = json_encode($document, $flags);
        $hashed = json_encode(json_decode($sent, true), JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE);
        echo json_encode(["printer" => "php", "sent" => $sent, "hashed" => $hashed]), "\n";
    }
}
