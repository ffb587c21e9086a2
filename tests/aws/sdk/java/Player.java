// Calls each step with the Java SDK v2; says what was thrown.
import java.net.URI;
import java.nio.charset.StandardCharsets;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sfn.SfnClient;
import software.amazon.awssdk.services.sfn.model.SfnException;

public class Player {
  public static void main(String[] arguments) throws Exception {
    JsonNode request = JsonNode.parser().parse(new String(System.in.readAllBytes(), StandardCharsets.UTF_8));
    for (JsonNode step : request.field("steps").get().asArray()) {
      System.out.println(call(text(request, "endpoint"), step));
    }
  }

  private static String call(String endpoint, JsonNode step) {
    try (SfnClient client = clientOf(endpoint, step.field("credentials").get())) {
      send(client, text(step, "operation"), step.field("input").get());
      return answer("", "");
    } catch (SfnException error) {
      return answer(error.awsErrorDetails().errorCode(), error.getClass().getSimpleName());
    }
  }

  private static SfnClient clientOf(String endpoint, JsonNode credentials) {
    String session = text(credentials, "session");
    AwsCredentials given =
        session == null
            ? AwsBasicCredentials.create(text(credentials, "id"), text(credentials, "secret"))
            : AwsSessionCredentials.create(text(credentials, "id"), text(credentials, "secret"), session);
    return SfnClient.builder()
        .endpointOverride(URI.create(endpoint))
        .region(Region.US_EAST_1)
        .httpClient(UrlConnectionHttpClient.create())
        .overrideConfiguration(options -> options.retryStrategy(retries -> retries.maxAttempts(1)))
        .credentialsProvider(StaticCredentialsProvider.create(given))
        .build();
  }

  private static void send(SfnClient client, String operation, JsonNode input) {
    String token = text(input, "taskToken");
    switch (operation) {
      case "SendTaskSuccess" -> client.sendTaskSuccess(r -> r.taskToken(token).output(text(input, "output")));
      case "SendTaskFailure" ->
          client.sendTaskFailure(r -> r.taskToken(token).error(text(input, "error")).cause(text(input, "cause")));
      case "SendTaskHeartbeat" -> client.sendTaskHeartbeat(r -> r.taskToken(token));
      case "ListActivities" -> client.listActivities();
      default -> throw new IllegalArgumentException(operation);
    }
  }

  private static String text(JsonNode node, String name) {
    return node.field(name).map(JsonNode::text).orElse(null);
  }

  private static String answer(String error, String type) {
    return "{\"error\":\"" + error + "\",\"class\":\"" + type + "\"}";
  }
}
