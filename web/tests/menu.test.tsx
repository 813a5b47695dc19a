// @vitest-environment happy-dom
import { cleanup, configure, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Menu, MenuChoice, MenuChoices, MenuItem } from "@/ui/Menu";

// What is waited for is loaded first, which takes as long as the machine is busy.
configure({ asyncUtilTimeout: 15_000 });
afterEach(cleanup);

const file = (onSelect: () => void) => (
  <Menu trigger={<button type="button">File</button>}>
    <MenuItem onSelect={onSelect}>Save</MenuItem>
    <MenuItem onSelect={() => undefined}>Print</MenuItem>
  </Menu>
);

describe("a menu that is loaded when it is wanted", () => {
  it("says what it is before it is there", () => {
    render(file(() => undefined));
    const button = screen.getByRole("button", { name: "File" });
    expect(button.getAttribute("aria-haspopup")).toBe("menu");
    expect(button.getAttribute("aria-expanded")).toBe("false");
    expect(screen.queryByRole("menuitem")).toBeNull();
  });

  it("opens with the first click, and does what is chosen", async () => {
    const save = vi.fn();
    render(file(save));
    fireEvent.click(screen.getByRole("button", { name: "File" }), { detail: 1 });
    fireEvent.click(await screen.findByRole("menuitem", { name: "Save" }));
    expect(save).toHaveBeenCalledOnce();
  });

  it.each(["ArrowDown", "ArrowUp"])("opens by %s", async (key) => {
    render(file(() => undefined));
    fireEvent.keyDown(screen.getByRole("button", { name: "File" }), { key });
    expect(await screen.findAllByRole("menuitem")).toHaveLength(2);
  });

  it("stays shut for other keys", async () => {
    render(file(() => undefined));
    fireEvent.keyDown(screen.getByRole("button", { name: "File" }), { key: "x" });
    await Promise.resolve();
    expect(screen.queryByRole("menuitem")).toBeNull();
  });

  it("offers choices, of which one is made", async () => {
    const choose = vi.fn();
    render(
      <Menu trigger={<button type="button">Who</button>}>
        <MenuChoices value="coder" onChange={choose}>
          <MenuChoice value="coder">Coder</MenuChoice>
          <MenuChoice value="">Auto</MenuChoice>
        </MenuChoices>
      </Menu>,
    );
    fireEvent.click(screen.getByRole("button", { name: "Who" }), { detail: 1 });
    const coder = await screen.findByRole("menuitemradio", { name: "Coder" });
    expect(coder.getAttribute("aria-checked")).toBe("true");
    fireEvent.click(screen.getByRole("menuitemradio", { name: "Auto" }));
    expect(choose.mock.calls[0]?.[0]).toBe("");
  });
});
