// A modal dialog of the browser's own kind: it keeps the focus inside, closes by Escape, and gives the focus back.
import { html, useEffect, useRef } from "./html.js";

export function Dialog({ label, onClose, kind = "", children }) {
    const self = useRef(null);
    useEffect(() => {
        const dialog = self.current;
        const before = document.activeElement;
        if (!dialog.open) dialog.showModal();
        dialog.querySelector("[data-first]")?.focus();
        return () => {
            dialog.close();
            if (before?.isConnected) before.focus({ preventScroll: true });
        };
    }, []);
    const cancelled = (event) => {
        event.preventDefault();
        onClose();
    };
    return html`<dialog ref=${self} class=${kind || null} aria-label=${label} onCancel=${cancelled} onMouseDown=${(event) => event.target === self.current && onClose()}>${children}</dialog>`;
}

let showing = 0;
/** Say something short at the bottom; screen readers hear it. */
export function toast(text) {
    const box = document.getElementById("toast") || document.body.appendChild(Object.assign(document.createElement("div"), { id: "toast", className: "toast" }));
    box.setAttribute("role", "status");
    box.textContent = text;
    box.hidden = false;
    clearTimeout(showing);
    showing = setTimeout(() => { box.hidden = true; }, 5000);
}
