// Controls that only script can serve are rendered hidden, so that nobody meets a dead button without it.
export function reveal(root) {
  for (const element of root.querySelectorAll("[data-script][hidden], [data-copy][hidden]")) element.hidden = false;
}
