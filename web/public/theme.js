// Runs before the first paint, so that a dark page never flashes white. The policy allows no inline script.
(() => {
  let choice = "system";
  let language = "";
  try {
    choice = localStorage.getItem("artel.theme") || "system";
    language = localStorage.getItem("artel.language") || "";
  } catch {
    // Storage may be refused; the system's own theme is a good answer then.
  }
  const dark =
    choice === "dark" || (choice === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.classList.toggle("dark", dark);
  document.documentElement.lang = language || (navigator.language.startsWith("ru") ? "ru" : "en");
})();
