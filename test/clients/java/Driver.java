import com.aliyuncs.CommonRequest;
import com.aliyuncs.DefaultAcsClient;
import com.aliyuncs.IAcsClient;
import com.aliyuncs.exceptions.ClientException;
import com.aliyuncs.http.MethodType;
import com.aliyuncs.http.ProtocolType;
import com.aliyuncs.profile.DefaultProfile;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Map;

/** Drives the server through aliyun-java-sdk-core: one JSON request per line in, one JSON answer out. */
public class Driver {
  public static void main(String[] args) throws Exception {
    DefaultProfile profile = DefaultProfile.getProfile("cn-shanghai", args[1], args[2]);
    IAcsClient client = new DefaultAcsClient(profile);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      System.out.println(ask(client, args[0], JsonParser.parseString(line).getAsJsonObject()));
      System.out.flush();
    }
    System.exit(0);
  }

  private static JsonObject ask(IAcsClient client, String endpoint, JsonObject asked) {
    CommonRequest request = new CommonRequest();
    request.setSysDomain(endpoint);
    request.setSysVersion(asked.get("version").getAsString());
    request.setSysAction(asked.get("action").getAsString());
    request.setSysProtocol(ProtocolType.HTTPS);
    request.setSysMethod(MethodType.POST);
    for (Map.Entry<String, JsonElement> field : asked.getAsJsonObject("fields").entrySet()) {
      put(request, field.getKey(), field.getValue());
    }
    JsonObject answer = new JsonObject();
    try {
      answer.add("body", JsonParser.parseString(client.getCommonResponse(request).getData()));
      answer.addProperty("typed", false);
    } catch (ClientException refused) {
      // ServerException extends ClientException; without a request id no server has answered.
      answer.addProperty("code", refused.getRequestId() == null ? "Client" : refused.getErrCode());
      answer.addProperty("status", 0);
      answer.addProperty("text", refused.toString());
    }
    return answer;
  }

  private static void put(CommonRequest request, String name, JsonElement value) {
    if (value.isJsonArray()) {
      JsonArray list = value.getAsJsonArray();
      for (int i = 0; i < list.size(); i++) put(request, name + "." + (i + 1), list.get(i));
    } else if (value.isJsonObject()) {
      for (Map.Entry<String, JsonElement> part : value.getAsJsonObject().entrySet()) {
        put(request, name + "." + part.getKey(), part.getValue());
      }
    } else {
      request.putQueryParameter(name, value.getAsString());
    }
  }
}
