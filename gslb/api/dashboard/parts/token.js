// Asks for a token when the API wants one. It is kept for this tab alone.
import { html, useState } from "./html.js";
import { get, token } from "./api.js";
import { Dialog } from "./dialog.js";
import { live } from "./live.js";

export function TokenDialog({ onClose }) {
    const [text, setText] = useState("");
    const [failed, setFailed] = useState("");
    const submit = async (event) => {
        event.preventDefault();
        const before = token.get();
        token.set(text.trim());
        try {
            await get("/whoami");
            onClose();
            live.again();
        } catch (error) {
            token.set(before);
            setFailed(error.status === 401 ? "This token is not known, or has expired." : error.message);
        }
    };
    return html`<${Dialog} label="A token is needed" onClose=${onClose}>
        <form onSubmit=${submit} noValidate>
            <h1>A token is needed</h1>
            <p class="quiet">Made by <code>gslb token create NAME --scope read</code>. This tab keeps it until it is closed.</p>
            <label>Token<input data-first type="password" name="token" autocomplete="off" spellcheck="false" value=${text} onInput=${(event) => setText(event.target.value)} /></label>
            ${failed && html`<p class="problem" role="alert">${failed}</p>`}
            <div class="buttons"><button type="button" onClick=${onClose}>Cancel</button><button type="submit" class="primary" disabled=${!text.trim()}>Use it</button></div>
        </form>
    </${Dialog}>`;
}
