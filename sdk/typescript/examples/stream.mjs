// Ask over server-sent events, then on a WebSocket, and print both answers: stream.mjs URL QUESTION
import { createClient, socketTurn, streamTurn } from "freya-client";

const [, , url, message] = process.argv;
for (const follow of [streamTurn, socketTurn]) {
  for await (const event of follow(url, { message })) {
    if (event.type === "token") process.stdout.write(event.text);
    if (event.type === "run.finished") console.log(`\n-- ${event.result.agents.join(", ")}`);
  }
}
const { data } = await createClient(url).GET("/v1/agents");
console.log(data.items.map((agent) => agent.name).join(", "));
