import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;

/** Java: what DOKU's SDK sends (Gson, as Spring sets it up) and hashes (Jackson's tree of that). */
public class Print {
    public static void main(String[] arguments) throws Exception {
        Gson[] senders = {
            new GsonBuilder().serializeNulls().create(),
            new GsonBuilder().serializeNulls().disableHtmlEscaping().setPrettyPrinting().create(),
        };
        JsonArray documents = JsonParser.parseString(Files.readString(Path.of("documents.json"))).getAsJsonArray();
        for (JsonElement document : documents) {
            for (Gson sender : senders) {
                String sent = sender.toJson(document);
                JsonObject line = new JsonObject();
                line.addProperty("printer", "java");
                line.addProperty("sent", sent);
                line.addProperty("hashed", new ObjectMapper().readTree(sent).toString());
                System.out.println(new Gson().toJson(line));
            }
        }
    }
}
