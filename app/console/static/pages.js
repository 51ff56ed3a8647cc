// A file for what is known, sent to the interface as it is; what it answers goes to the page.
window.freyaSendFile = async (field, collection, emit) => {
  const file = document.getElementById(field).files[0];
  if (!file) return emit({ detail: "Choose a file first." });
  const query = new URLSearchParams({ name: file.name, collection });
  try {
    const answer = await fetch(`/v1/knowledge/import?${query}`, {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: file,
    });
    emit(await answer.json());
  } catch {
    emit({});
  }
};
