// A browser that comes by a link of another site sends no cookie on that first request: then it may be signed in already.
fetch("/signed-in").then((answer) => {
  const next = document.querySelector("[name=next]")?.value;
  if (answer.status === 204 && next && !document.querySelector("[role=alert]")) location.replace(next);
});
