/** A client of Freya: every route, typed, and turns as events. */

import createFetchClient from "openapi-fetch";
import type { paths } from "./schema.js";

export type { components, operations, paths } from "./schema.js";
export * from "./streaming.js";

/** A client of the service at the URL, such as http://127.0.0.1:8700. */
export function createClient(url: string, options: { key?: string; user?: string } = {}) {
  return createFetchClient<paths>({
    baseUrl: url,
    headers: {
      ...(options.key ? { authorization: `Bearer ${options.key}` } : {}),
      ...(options.user ? { "freya-user": options.user } : {}),
    },
  });
}
