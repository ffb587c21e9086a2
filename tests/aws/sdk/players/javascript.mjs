// Calls each step with the JavaScript SDK v3; says what was thrown.
import * as sfn from "@aws-sdk/client-sfn";
import { readFileSync } from "node:fs";

function clientOf(endpoint, { id, secret, session }) {
  const credentials = { accessKeyId: id, secretAccessKey: secret, sessionToken: session };
  return new sfn.SFNClient({ endpoint, region: "us-east-1", maxAttempts: 1, credentials });
}

async function call(endpoint, step) {
  const client = clientOf(endpoint, step.credentials);
  try {
    await client.send(new sfn[step.operation + "Command"](step.input));
    return { error: "", class: "" };
  } catch (error) {
    return { error: error.name, class: error.constructor.name, message: error.message };
  } finally {
    client.destroy();
  }
}

const { endpoint, steps } = JSON.parse(readFileSync(0, "utf8"));
for (const step of steps) console.log(JSON.stringify(await call(endpoint, step)));
