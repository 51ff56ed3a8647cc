// Links that lead out of the console open apart and tell the other side nothing, wherever they stand in rendered text.
import DOMPurify from "dompurify";

DOMPurify.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName !== "A" || !node.hasAttribute("href")) return;
  const to = new URL(node.getAttribute("href"), location.href);
  if (to.origin === location.origin && !/^\w+:|^\/\//.test(node.getAttribute("href"))) return;
  node.setAttribute("target", "_blank");
  node.setAttribute("rel", "noopener noreferrer nofollow");
});
