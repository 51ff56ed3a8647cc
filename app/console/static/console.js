// The console's own script: colours, copying, and what to do when the session has ended.
(() => {
  const stored = () => (document.cookie.match(/(?:^|; )freya-theme=(light|dark)/) || [])[1] || "auto";
  const root = document.documentElement;

  const apply = (theme) => {
    if (theme === "auto") delete root.dataset.theme;
    else root.dataset.theme = theme;
    if (window.Quasar?.Dark?.set) Quasar.Dark.set(theme === "auto" ? "auto" : theme === "dark");
    window.dispatchEvent(new Event("freya-theme"));
  };

  window.freyaTheme = (theme) => {
    const age = theme === "auto" ? 0 : 31536000;
    document.cookie = `freya-theme=${theme}; path=/; max-age=${age}; samesite=strict`;
    apply(theme);
  };
  apply(stored());

  window.freyaSay = (text) =>
    Quasar.Notify.create({ message: text, position: "bottom", timeout: 2500, classes: "fr-notice", attrs: { role: "status" } });

  window.freyaCopy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without TLS beyond this machine browsers have no clipboard for scripts.
      const box = Object.assign(document.createElement("textarea"), { value: text });
      document.body.append(box);
      box.select();
      document.execCommand("copy");
      box.remove();
    }
    freyaSay("Copied");
  };

  const tabs = new BroadcastChannel("freya");
  tabs.onmessage = (event) => event.data === "signed out" && location.assign("/sign-in");
  window.freyaSignOut = async () => {
    await fetch("/sign-out", { method: "POST" });
    tabs.postMessage("signed out");
    location.assign("/sign-in");
  };

  // A page whose key is good no longer cannot connect again: then it is loaded anew, which leads to the sign-in.
  const watch = () => {
    if (!window.socket) return setTimeout(watch, 50);
    window.socket.on("connect_error", async () => {
      const answer = await fetch("/signed-in").catch(() => null);
      if (answer && answer.status === 401) location.reload();
    });
  };

  addEventListener("DOMContentLoaded", () => {
    const ready = () => (window.Quasar?.Dark && document.querySelector("#app").childElementCount ? (apply(stored()), watch()) : setTimeout(ready, 20));
    ready();
  });
})();
