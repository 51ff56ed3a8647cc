// The composer, citations and the scrolling of the chat.
(() => {
  const composer = () => document.getElementById("fr-composer");
  const draftOf = () => `freya-draft:${location.pathname}`;
  let picked = [];

  const grow = (box) => {
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, innerHeight * 0.4)}px`;
  };

  window.freyaSend = () => {
    const box = composer();
    const text = box?.value.trim();
    if (!box || !text || box.dataset.busy) return;
    if (document.getElementById("fr-stop")?.offsetParent) return freyaSay("Freya still answers. Escape stops her.");
    if (new Blob([text]).size > 250000) return freyaSay("The message is too long: 250,000 bytes at most. Attach it as a file.");
    box.dataset.busy = "1";
    setTimeout(() => delete box.dataset.busy, 15000);
    box.dispatchEvent(new CustomEvent("ask", { detail: box.value }));
  };

  window.freyaTaken = (taken) => {
    const box = composer();
    if (!box) return;
    delete box.dataset.busy;
    if (!taken) return;
    sessionStorage.removeItem("freya-draft:/");
    sessionStorage.removeItem(draftOf());
    box.value = "";
    grow(box);
    box.focus();
  };

  window.freyaPick = () => {
    const input = Object.assign(document.createElement("input"), { type: "file", multiple: true });
    input.onchange = () => freyaFiles([...input.files]);
    input.click();
  };
  window.freyaFiles = (files) => {
    picked = files.slice(0, 8);
    if (picked.length) composer()?.dispatchEvent(new CustomEvent("attach"));
  };
  window.freyaUpload = async (thread) => {
    const files = picked;
    picked = [];
    for (const file of files) {
      const where = new URLSearchParams({ thread_id: thread, name: file.name });
      let found;
      try {
        const answer = await fetch(`/v1/attachments?${where}`, { method: "POST", body: file, headers: { "content-type": "application/octet-stream" } });
        const said = await answer.json();
        found = answer.ok ? { id: said.id, name: said.name } : { problem: { title: said.title, detail: said.detail } };
      } catch {
        found = { problem: { title: "The file could not be sent", detail: `${file.name}: the connection broke off. Try again.` } };
      }
      composer()?.dispatchEvent(new CustomEvent("attached", { detail: found }));
    }
  };

  let focused = null;
  window.freyaFocus = (selector) => setTimeout(() => document.querySelector(selector)?.focus(), 60);
  window.freyaFocusBack = () => focused?.isConnected && focused.focus();

  const scroller = () => document.querySelector(".fr-scroller");
  let atBottom = true;
  window.freyaBottom = (force) => {
    if (force) atBottom = true;
    const box = scroller();
    const last = box?.querySelector(".fr-turn:last-child");
    if (!last || !atBottom) return;
    // As far as the end, but not so far that the newest question is out of sight.
    const top = last.getBoundingClientRect().top - box.getBoundingClientRect().top + box.scrollTop;
    box.scrollTop = Math.min(box.scrollHeight - box.clientHeight, top - 16);
  };
  window.freyaShow = (selector) => setTimeout(() => [...document.querySelectorAll(selector)].pop()?.scrollIntoView({ block: "nearest" }), 80);
  window.freyaDone = () => {
    const said = document.getElementById("fr-said");
    if (said) said.textContent = "Freya has answered.";
    setTimeout(() => said && (said.textContent = ""), 3000);
  };

  document.addEventListener("keydown", (event) => {
    const box = composer();
    const within = document.querySelector(".q-dialog, .q-menu");
    if (event.key === "Escape" && !within && !event.defaultPrevented) {
      const close = document.querySelector(".q-drawer--right:not(.q-layout--prevent-focus) .fr-sources-close");
      if (close?.offsetParent && close.getBoundingClientRect().left < innerWidth) return close.click();
      const stop = document.getElementById("fr-stop");
      if (stop?.offsetParent) stop.click();
      return;
    }
    if (!box || event.target !== box || event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      freyaSend();
    } else if (event.key === "ArrowUp" && !box.value) {
      const edits = document.querySelectorAll(".fr-edit");
      if (edits.length) {
        event.preventDefault();
        edits[edits.length - 1].click();
      }
    }
  });

  document.addEventListener("input", (event) => {
    if (event.target !== composer()) return;
    grow(event.target);
    sessionStorage.setItem(draftOf(), event.target.value);
  });

  document.addEventListener("submit", (event) => event.preventDefault());

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a.fr-cite, .fr-source");
    if (link) focused = link;
    if (!link?.matches("a.fr-cite")) return;
    event.preventDefault();
    const number = link.getAttribute("href").slice("#cite-".length);
    link.closest(".fr-turn")?.dispatchEvent(new CustomEvent("cite", { detail: number }));
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === " " && event.target.matches?.("a.fr-cite")) {
      event.preventDefault();
      event.target.click();
    }
  });

  for (const kind of ["dragover", "drop"]) {
    document.addEventListener(kind, (event) => {
      if (!composer() || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      if (kind === "drop") freyaFiles([...event.dataTransfer.files]);
    });
  }

  setInterval(() => {
    for (const one of document.querySelectorAll("time.fr-until")) {
      const left = Math.max(0, Number(one.dataset.until) - Math.floor(Date.now() / 1000));
      const minutes = Math.floor(left / 60);
      const said = left ? `${minutes >= 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes}:${String(left % 60).padStart(2, "0")}`} left` : "expired";
      if (one.textContent !== said) one.textContent = said;
    }
  }, 500);

  const begin = () => {
    const box = composer();
    const list = scroller();
    if (!box || !list) return document.querySelector("#app")?.childElementCount ? undefined : setTimeout(begin, 30);
    box.value = new URLSearchParams(location.search).get("message") || sessionStorage.getItem(draftOf()) || "";
    grow(box);
    for (const kind of ["wheel", "touchmove", "keydown", "pointerdown"]) {
      list.addEventListener(kind, () => (atBottom = false), { passive: true }); // who reads elsewhere is left there
    }
    new ResizeObserver(() => freyaBottom()).observe(list.querySelector(".fr-turn-list"));
    freyaBottom(true);
  };
  addEventListener("DOMContentLoaded", begin);
})();
