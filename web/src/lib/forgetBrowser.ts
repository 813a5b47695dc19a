/** How the page speaks and looks is nobody's in particular. */
const KEPT = ["artel.language", "artel.theme"];

/** Removes what the page has kept in this browser: drafts, choices, forms. */
export function forgetBrowser(): void {
  for (const area of [() => localStorage, () => sessionStorage]) {
    try {
      for (const key of Object.keys(area())) {
        if (!KEPT.includes(key)) area().removeItem(key);
      }
    } catch {
      // Storage may be refused or absent: then nothing was kept.
    }
  }
}
