// Hides the rows whose text does not hold what was typed; without it the whole table stays.
for (const box of document.querySelectorAll(".filter")) {
  box.hidden = false;
  box.querySelector("input").addEventListener("input", (event) => {
    const wanted = event.target.value.trim().toLowerCase();
    for (const row of document.querySelectorAll(".scroll > table > tbody > tr")) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
    }
    if (wanted) for (const more of document.querySelectorAll("main > details")) more.open = true;
  });
}
