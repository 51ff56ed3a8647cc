// A whole conversation: what it asks for is allowed, what is made is downloaded, and the question asked again is stopped.
// conversation.mjs URL QUESTION, where the question needs a person.
import { createClient, streamTurn } from "freya-client";

const [, , url, message] = process.argv;
const freya = createClient(url);
const of = (event) => ({ path: { run_id: event.run_id } });

for await (const event of streamTurn(url, { message })) {
  if (event.type === "token") process.stdout.write(event.text);
  if (event.type === "approval.required") {
    console.log(`-- allowed: ${event.tool}`);
    const body = { approval_id: event.approval_id, decision: "approve" };
    await freya.POST("/v1/runs/{run_id}/resume", { params: of(event), body });
  }
  if (event.type === "run.finished") {
    console.log(`\n-- answered: ${event.result.answer}`);
    for (const made of event.result.artifacts) {
      const params = { path: { artifact_id: made.id } };
      const { data } = await freya.GET("/v1/artifacts/{artifact_id}", { params, parseAs: "arrayBuffer" });
      console.log(`-- made: ${made.name}, ${made.media_type}, ${data.byteLength} bytes`);
    }
  }
}
for await (const event of streamTurn(url, { message })) {
  if (event.type === "approval.required") await freya.POST("/v1/runs/{run_id}/cancel", { params: of(event) });
  if (event.type === "run.cancelled") console.log("-- stopped");
}
