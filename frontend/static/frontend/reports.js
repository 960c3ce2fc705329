/* Reports: a bar leads to the list behind it, as its number in the table does; and printing. */
document.addEventListener("click", (event) => {
  const mark = event.target.closest("[data-href]");
  if (mark) location.assign(mark.dataset.href);
  if (event.target.closest("[data-print]")) print();
});
