/** Turns as events that come whole: a connection that breaks is made again, and goes on after the last event. */

import type { components } from "./schema.js";

export type Event = components["schemas"]["Event"];
export type Problem = components["schemas"]["Problem"];
export type Turn = Partial<components["schemas"]["ChatRequest"]> & { message: string };

export interface Options {
  /** An API key, where the service wants one. */
  key?: string;
  /** The user for whom the service acts. */
  user?: string;
  /** Sent again with its key, a turn is not asked again. */
  idempotencyKey?: string;
  /** Milliseconds without a sign of life after which FreyaLost is thrown; 120,000 unless it is given. */
  patience?: number;
  /** Ends the following; the run goes on. */
  signal?: AbortSignal;
  /** The WebSocket to use where the platform has none of its own. */
  socket?: typeof WebSocket;
}

/** The service refused. */
export class FreyaProblem extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

/** The service did not answer for as long as it was waited for. */
export class FreyaLost extends Error {}

const LAST = new Set(["run.finished", "run.failed", "run.cancelled"]);
const AGAIN = new Set([429, 502, 503, 504]);
const SOONEST = 250;
const LATEST = 15_000;

class Patience {
  private pause = SOONEST;
  private until: number;

  constructor(
    private readonly limit: number,
    private readonly signal?: AbortSignal,
  ) {
    this.until = Date.now() + limit;
  }

  succeeded(): void {
    this.pause = SOONEST;
    this.until = Date.now() + this.limit;
  }

  async wait(error: unknown, atLeast = 0): Promise<void> {
    this.signal?.throwIfAborted();
    if (Date.now() >= this.until) {
      throw new FreyaLost(`the service did not answer for ${this.limit} ms (${String(error)})`);
    }
    const pause = Math.max(atLeast, this.pause * (0.5 + Math.random() / 2));
    await new Promise((resolve) => setTimeout(resolve, pause));
    this.pause = Math.min(this.pause * 2, LATEST);
  }
}

/** Ask over server-sent events, and give each event of the run once, heartbeats left out. */
export async function* streamTurn(url: string, turn: Turn, options: Options = {}): AsyncGenerator<Event> {
  const base = url.replace(/\/$/, "");
  const headers = credentials(options);
  const key = options.idempotencyKey ?? `sdk-${crypto.randomUUID()}`;
  const patience = new Patience(options.patience ?? 120_000, options.signal);
  let run = "";
  let after = 0;
  for (;;) {
    let error: unknown = "it closed the connection";
    let pause = 0;
    try {
      const response = run
        ? await fetch(`${base}/v1/runs/${run}/events`, {
            headers: { ...headers, "last-event-id": String(after) },
            signal: options.signal,
          })
        : await fetch(`${base}/v1/chat/stream`, {
            method: "POST",
            headers: { ...headers, "content-type": "application/json", "idempotency-key": key },
            body: JSON.stringify(turn),
            signal: options.signal,
          });
      if (AGAIN.has(response.status)) {
        error = `status ${response.status}`;
        pause = 1000 * (Number(response.headers.get("retry-after")) || 0);
      } else if (!response.ok) {
        throw new FreyaProblem((await response.json()) as Problem);
      } else {
        for await (const event of eventsOf(response)) {
          patience.succeeded();
          run = event.run_id;
          if (event.type === "heartbeat" || event.seq <= after) continue;
          after = event.seq;
          yield event;
          if (LAST.has(event.type)) return;
        }
      }
    } catch (broken) {
      if (broken instanceof FreyaProblem || options.signal?.aborted) throw broken;
      error = broken;
    }
    await patience.wait(error, pause);
  }
}

async function* eventsOf(response: Response): AsyncGenerator<Event> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      held += value;
      const blocks = held.split("\n\n");
      held = blocks.pop()!;
      for (const block of blocks) {
        const data = block.split("\n").filter((line) => line.startsWith("data: "));
        if (data.length) yield JSON.parse(data.map((line) => line.slice(6)).join("")) as Event;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Ask on a WebSocket, and give each event of the run once, heartbeats left out. */
export async function* socketTurn(url: string, turn: Turn, options: Options = {}): AsyncGenerator<Event> {
  const Socket = options.socket ?? globalThis.WebSocket;
  if (!Socket) throw new Error("this platform has no WebSocket: give one as options.socket");
  const address = `${url.replace(/\/$/, "").replace(/^http/, "ws")}/v1/ws`;
  const protocols = ["freya.v1"];
  if (options.key) protocols.push(`freya.key.${options.key}`);
  if (options.user) protocols.push(`freya.user.${options.user}`);
  const key = options.idempotencyKey ?? `sdk-${crypto.randomUUID()}`;
  const patience = new Patience(options.patience ?? 120_000, options.signal);
  let run = "";
  let after = 0;
  for (;;) {
    const frames = new Frames(new Socket(address, protocols));
    try {
      await frames.opened;
      frames.send(
        run ? { type: "subscribe", run_id: run, after } : { type: "message", idempotency_key: key, ...turn },
      );
      for await (const frame of frames) {
        patience.succeeded();
        if (frame.type === "error") throw new FreyaProblem(frame.problem as Problem);
        if (frame.type === "accepted") run = String(frame.run_id);
        else if (frame.run_id === run && Number(frame.seq) > after) {
          after = Number(frame.seq);
          yield frame as unknown as Event;
          if (LAST.has(String(frame.type))) return;
        }
      }
    } catch (broken) {
      if (broken instanceof FreyaProblem) throw broken;
    } finally {
      frames.close();
    }
    await patience.wait("the socket was closed");
  }
}

type Frame = Record<string, unknown>;

class Frames implements AsyncIterable<Frame> {
  readonly opened: Promise<void>;
  private readonly held: Frame[] = [];
  private closed = false;
  private wake: () => void = () => undefined;

  constructor(private readonly socket: WebSocket) {
    this.opened = new Promise((resolve, reject) => {
      socket.addEventListener("open", () => resolve());
      socket.addEventListener("error", () => reject(new Error("the socket could not be opened")));
      socket.addEventListener("close", () => reject(new Error("the socket was closed")));
    });
    socket.addEventListener("message", (message) => {
      this.held.push(JSON.parse(String(message.data)) as Frame);
      this.wake();
    });
    socket.addEventListener("close", () => {
      this.closed = true;
      this.wake();
    });
  }

  send(frame: Frame): void {
    this.socket.send(JSON.stringify(frame));
  }

  close(): void {
    this.socket.close();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Frame> {
    for (;;) {
      while (this.held.length) yield this.held.shift()!;
      if (this.closed) return;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}

function credentials(options: Options): Record<string, string> {
  return {
    ...(options.key ? { authorization: `Bearer ${options.key}` } : {}),
    ...(options.user ? { "freya-user": options.user } : {}),
  };
}
